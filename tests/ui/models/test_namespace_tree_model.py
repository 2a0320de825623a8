from PySide6.QtCore import QPersistentModelIndex, Qt
from pytestqt.modeltest import ModelTester
from pytestqt.qtbot import QtBot

from fakes.sample_data import TREE
from mangrove.core.known import Known
from mangrove.core.namespace import Namespace
from mangrove.ui.models.contents_model import rows_of_deployment
from mangrove.ui.models.namespace_rows import STORED_COLUMNS, NamespaceRow
from mangrove.ui.models.namespace_tree_model import NamespaceTreeModel

CHECKED = Qt.ItemDataRole.CheckStateRole


def shop_and_billing() -> NamespaceTreeModel:
    model = NamespaceTreeModel(checkable=True)
    model.set_rows(rows_of_deployment(TREE))
    return model


def test_model_keeps_qt_contract(qtmodeltester: ModelTester) -> None:
    model = NamespaceTreeModel(STORED_COLUMNS, checkable=True)
    model.set_rows(rows_of_deployment(TREE))

    qtmodeltester.check(model)


def test_database_row_sums_its_collections() -> None:
    model = shop_and_billing()

    shop = [model.index(1, column).data() for column in range(model.columnCount())]

    assert shop == ["shop", "2,492,902", "1.0 GB", "database"]


def test_everything_is_checked_at_first() -> None:
    chosen = shop_and_billing().chosen()

    assert (chosen.databases, chosen.is_all) == (("billing", "shop"), True)


def test_unchecking_one_collection_leaves_its_database_half_checked() -> None:
    model = shop_and_billing()
    shop = model.index(1, 0)

    model.setData(model.index(0, 0, shop), Qt.CheckState.Unchecked, CHECKED)

    assert model.data(shop, CHECKED) == Qt.CheckState.PartiallyChecked
    assert model.chosen().databases == ("billing",)
    assert Namespace("shop", "carts") not in model.chosen().collections
    assert Namespace("shop", "orders") in model.chosen().collections


def test_unchecking_a_database_unchecks_its_collections() -> None:
    model = shop_and_billing()

    model.setData(model.index(1, 0), Qt.CheckState.Unchecked.value, CHECKED)

    assert model.chosen().databases == ("billing",)
    assert model.chosen().collections == ()


def test_a_half_checked_database_becomes_whole_with_one_click(qtbot: QtBot) -> None:
    model = shop_and_billing()
    shop = model.index(1, 0)
    model.setData(model.index(0, 0, shop), Qt.CheckState.Unchecked, CHECKED)

    with qtbot.waitSignal(model.choice_changed):
        model.setData(shop, Qt.CheckState.Checked, CHECKED)

    assert model.chosen().is_all


def test_choose_ticks_only_what_exists() -> None:
    model = shop_and_billing()

    model.choose(("shop",), (Namespace("billing", "ledger"), Namespace("gone", "away")))

    chosen = model.chosen()
    assert chosen.databases == ("shop",)
    assert chosen.collections == (Namespace("billing", "ledger"),)
    assert not chosen.is_all


def test_sizes_sort_as_numbers_even_beyond_32_bits() -> None:
    model = NamespaceTreeModel()
    sizes = (9 << 40, 5, 1 << 33)
    model.set_rows([NamespaceRow(f"d{n}", "c", "collection", 1, s) for n, s in enumerate(sizes)])

    model.sort(2, Qt.SortOrder.AscendingOrder)

    assert [model.index(n, 0).data() for n in range(3)] == ["d1", "d2", "d0"]


def test_sorting_takes_ticks_and_held_places_along() -> None:
    model = shop_and_billing()
    shop = model.index_of("shop")
    held = [QPersistentModelIndex(shop), QPersistentModelIndex(model.index_of("shop", "orders"))]
    model.setData(model.index_of("shop", "orders"), Qt.CheckState.Unchecked, CHECKED)

    model.sort(2, Qt.SortOrder.DescendingOrder)

    assert [index.data() for index in held] == ["shop", "orders"]
    assert held[0].row() == 0
    assert held[1].parent() == model.index_of("shop")
    assert model.data(model.index_of("shop", "orders"), CHECKED) == Qt.CheckState.Unchecked


def test_a_search_shows_what_holds_it_and_databases_of_that_name_whole() -> None:
    model = shop_and_billing()

    model.search("ORD")
    assert shown_names(model) == {"shop": ["orders"]}
    model.search("bill")
    assert shown_names(model) == {"billing": ["invoices", "ledger", "payments"]}
    model.search("")

    assert list(shown_names(model)) == ["billing", "shop"]


def test_a_database_is_ticked_as_far_as_it_is_shown(qtmodeltester: ModelTester) -> None:
    model = shop_and_billing()
    model.search("orders")
    qtmodeltester.check(model)

    model.setData(model.index(0, 0), Qt.CheckState.Unchecked, CHECKED)

    assert model.data(model.index(0, 0), CHECKED) == Qt.CheckState.Unchecked
    assert Namespace("shop", "orders") not in model.chosen().collections
    assert Namespace("shop", "users") in model.chosen().collections
    model.search("")
    assert model.data(model.index_of("shop"), CHECKED) == Qt.CheckState.PartiallyChecked


def shown_names(model: NamespaceTreeModel) -> dict[str, list[str]]:
    tops = [model.index(row, 0) for row in range(model.rowCount())]
    return {
        top.data(): [model.index(row, 0, top).data() for row in range(model.rowCount(top))]
        for top in tops
    }


def test_a_view_shows_no_figures() -> None:
    model = NamespaceTreeModel()
    model.set_rows([NamespaceRow("shop", "open_orders", "view", 0, 0)])

    view = [model.index(0, column, model.index(0, 0)).data() for column in range(4)]

    assert view == ["open_orders", "—", "—", "view"]


def shown(*rows: NamespaceRow) -> list[list[str]]:
    """Return documents and size of the first database and of its collections."""
    model = NamespaceTreeModel()
    model.set_rows(rows)
    top = model.index(0, 0)
    places = [top, *(model.index(row, 0, top) for row in range(model.rowCount(top)))]
    return [[place.siblingAtColumn(column).data() for column in (1, 2)] for place in places]


def test_a_time_series_is_counted_in_buckets() -> None:
    found = shown(NamespaceRow("shop", "sales", "timeseries", 420, 1000))

    assert found[1] == ["420 buckets", "1.0 kB"]


def test_what_is_not_known_of_a_dump_is_said_so() -> None:
    found = shown(
        NamespaceRow("shop", "a", "collection", 0, 1000, 0, 0, Known.UNKNOWN, Known.AT_LEAST),
        NamespaceRow("shop", "b", "collection", 0, 0, 0, 0, Known.UNKNOWN, Known.UNKNOWN),
    )

    assert found == [
        ["unknown", "at least 1.0 kB"],
        ["unknown", "at least 1.0 kB"],
        ["unknown", "unknown"],
    ]
