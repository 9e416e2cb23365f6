"""What is wrong, and where."""


class Fault(Exception):
    """Something that does not hold: of a file, a record or a signature. Says what is wrong with which values."""


class Refusal(Fault):
    """A file or an argument that cannot be used at all, as against evidence that does not hold."""
