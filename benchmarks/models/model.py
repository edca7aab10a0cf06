"""A row of the table of models."""
import dataclasses
from typing import Callable


@dataclasses.dataclass(frozen=True)
class Model:
    make: Callable[[str], None]  # writes it to the path
    shapes: dict = dataclasses.field(default_factory=dict)  # of inputs that leave theirs open, for a usual run
    below: dict = dataclasses.field(default_factory=dict)  # what values of integer inputs are below, else 2
    fixed: dict = dataclasses.field(default_factory=dict)  # inputs of which every element is this number
