"""MongoDB through pymongo; the only place that knows the driver. Imports core."""
