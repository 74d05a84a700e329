"""Names of the errors; nothing here raises them."""


class Fail(Exception):
    """As the real one, and so below."""


class InvalidArgument(Fail): ...


class InvalidGraph(Fail): ...


class InvalidProtobuf(Fail): ...


class NotImplemented(Fail): ...


class RuntimeException(Fail): ...
