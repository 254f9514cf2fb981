"""What to localise next: which candidates reach a share of local value by a date at least cost, and why.

:func:`localise_next` solves a problem in this process, :func:`localise_next_apart` in a child process that is
ended when its time is over. Both check the plan with arithmetic that shares no code with the solver.
"""

from karkhana.solving.localising.apart import localise_next_apart
from karkhana.solving.localising.problem import Candidate, Effect, Problem, Product, Target
from karkhana.solving.localising.result import Chosen, Limit, Month, NotChosen, Point, Result, Use
from karkhana.solving.localising.whole import localise_next

__all__ = [
    "Candidate", "Chosen", "Effect", "Limit", "Month", "NotChosen", "Point", "Problem", "Product", "Result",
    "Target", "Use", "localise_next", "localise_next_apart",
]  # fmt: skip
