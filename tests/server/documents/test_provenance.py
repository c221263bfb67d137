"""What the first lines say of vectors that another variant computed."""

from server.contract.facts import Fidelity, Variant
from server.documents.provenance import told_of

HERE = Variant(
    name="int8-fused",
    file="model.int8-fused.onnx",
    size_bytes=1,
    precision="int8",
    fingerprint="present",
    fidelity=Fidelity(mean=1, least=1, measured_on="cpu", on_probes=1),
    refused=(),
    attention="f32",
    others={"of-bf16": "bf16"},
)


def test_nothing_is_said_where_there_are_none() -> None:
    assert list(told_of({}, HERE)) == []


def test_another_attention_is_named_with_what_it_means() -> None:
    (line,) = told_of({"notes": {"of-bf16": 1234}}, HERE)
    assert line.startswith("notes: 1,234 vectors with attention in bf16, here it is f32, ")
    assert "a cosine of 0.9995 in the mean and 0.9985 at least" in line
    assert line.endswith("; they are searched all the same; python -m index reindex computes them anew")


def test_what_no_present_way_gives_is_another_variants_or_versions() -> None:
    lines = list(told_of({"default": {"before": 1}, "notes": {"of-bf16": 2, "before": 3, "older": 4}}, HERE))
    assert [line.split(";")[0].split(",")[0] for line in lines] == [
        "default: 1 vector of another variant or version",
        "notes: 2 vectors with attention in bf16",
        "notes: 7 vectors of another variant or version",
    ]
