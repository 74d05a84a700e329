import pytest

from ibd_mobile.convert.steps.caffe2 import op as caffe2_op
from ibd_mobile.convert.steps.caffe2 import schema as caffe2_schema
from ibd_mobile.convert.steps.step import Refused
from tests.caffe2_nets import one


def test_an_operator_knows_what_to_be_called_in_errors() -> None:
    op = one("Relu").ops[0]
    assert op.where == "Relu → 'y' of net 'net'"
    assert op.renamed(("a",), ("b",)).where == op.where
    assert op.renamed(("a",), ("b",)).inputs == ("a",)


def test_only_two_orders_are_known() -> None:
    assert one("Conv", order="NHWC").ops[0].order() == "NHWC"
    assert one("Conv").ops[0].order() == "NCHW"
    with pytest.raises(Refused, match="the order 'CHWN' is not known"):
        one("Conv", order="CHWN").ops[0].order()


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({}, "predict.pb holds no operators"),
        ({"op": [{"type": "Relu"}]}, "operator 0 of net 'n' has the type 'Relu' and the outputs"),
        ({"op": [{"type": "", "output": ["y"]}]}, "has the type ''"),
        ({"op": [{"type": "pytorch\n1.0", "output": ["y"]}]}, "another format"),
        ({"op": [{"type": "add", "output": ["y"], "domain": "aten"}]}, "'aten' are not known"),
    ],
)
def test_what_parses_but_holds_no_operators_is_refused(
    fields: dict[str, object], problem: str
) -> None:
    net = caffe2_schema.message_class("NetDef")(name="n", **fields)
    with pytest.raises(Refused, match=problem):
        caffe2_op.ops(net, "predict.pb")
