"""mongodump's ``prelude.json``: which server and which tool a dump comes from."""

import json


def prelude_text(server_version: str, tool_version: str) -> str:
    """Return the document's text, without a newline.

    Source: mongo-tools mongodump/prelude.go; the file stands in each database's folder.
    """
    content = {"ServerVersion": server_version, "ToolVersion": tool_version}
    return json.dumps(content, separators=(",", ":"), ensure_ascii=False)
