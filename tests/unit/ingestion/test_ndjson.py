from bursar.ingestion.families import family
from bursar.ingestion.ndjson import shaped


def test_nested_keys_are_read_in_one_go() -> None:
    """A key whose members the family knows is typed as a whole; maps stay JSON, since their form is not known."""
    types = dict(
        shaped(family("gcp"), (("service", "JSON"), ("credits", "JSON"), ("labels", "JSON"), ("cost", "JSON"), ("new_key", "JSON")))
    )
    assert types["service"] == 'STRUCT("id" VARCHAR, "description" VARCHAR)'
    assert types["credits"].startswith('STRUCT("name" VARCHAR, "amount" VARCHAR') and types["credits"].endswith("[]")  # noqa: PT018 one promise
    assert (types["labels"], types["cost"], types["new_key"]) == ("JSON", "VARCHAR", "JSON")


def test_optional_keys_are_read_though_not_seen() -> None:
    """A key that the first lines lack may come later; a required or flagged one is not made up."""
    types = dict(shaped(family("gcp"), (("cost", "JSON"),)))
    assert {"credits", "adjustment_info"} <= types.keys()
    assert "cost_type" not in types
