"""Imported before all else of ours: what makes a cold start cheaper. `finish` ends it.

Figures: docs/performance.md.
"""

import gc
import os

# A start makes many objects and drops few: looking through them for garbage is a tenth of its CPU time.
gc.disable()
# No plug-in extends pydantic here: it need not look through all that is installed for one.
os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "true")


def finish() -> None:
    """Collect garbage again. In Lambda what is there by now stays, so it is not looked through any more."""
    if "AWS_LAMBDA_RUNTIME_API" in os.environ:
        gc.freeze()
    gc.enable()
