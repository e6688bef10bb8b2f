"""What each figure and table about accuracy shows and how it was obtained."""

from __future__ import annotations

from collections.abc import Mapping

from gradmethods.output.caption import Caption

TRUTH = (
    "Truth: the same loss evaluated in ball arithmetic, in forward mode and from the exact values "
    "of the point and the data, at a precision that is raised until the enclosure of the gradient "
    "is as narrow as asked. It shares no rule with any method that is judged."
)
RELATIVE = (
    "Error: norm of the difference ÷ norm of the true gradient. Correct digits: −log₁₀ of it. "
    "Units in the last place (ULPs) are those of each true component."
)
BOUND = (
    "Bound, of each component: for exact methods eight times what rounding can do to the gradient "
    "in forward mode in the problem's own precision; for differences twice their truncation error "
    "and the rounding of the losses ÷ step; for Richardson ten times its own estimate."
)
STEPS = (
    "The step is absolute and the same for each parameter; that of Richardson is its first. "
    "Theory: the leading term of the truncation error, from certified derivatives, and the "
    "round-off of the loss, from its sixth differences (Gill, Murray and Wright 1981; Moré and "
    "Wild 2011, 2012). Forward passes were counted."
)
SAMPLES = (
    "Of problems with more parameters than are looked at, so many are drawn with the seed, and "
    "errors are those of the sample."
)
TIMES = (
    "Times: medians over rounds of the gradient and the loss in turn, one BLAS thread, garbage "
    "collection held."
)

METHOD = (TRUTH, RELATIVE, BOUND, STEPS, SAMPLES, TIMES)
"""How numbers about accuracy are obtained."""

CAPTIONS: Mapping[str, Caption] = {
    "tab-certified": Caption(
        "Certified gradients",
        "How well the truth is known: digits relative to the norm of each parameter array, the "
        "worst of them, and those of the worst component. Condition: by how much computing the "
        "gradient in the problem's own precision can amplify rounding, relative to the norm, and "
        "for the worst component; a component of 1/u has no sure digit. Time is that of the "
        "certification.",
        (TRUTH,),
    ),
    "tab-digits": Caption(
        "Correct digits of every method on every problem",
        "Correct decimal digits of the whole gradient. A word stands where a method refused, or in "
        "brackets where its error is not within its bound.",
        (TRUTH, RELATIVE, BOUND),
    ),
    "tab-ulps": Caption(
        "Errors in units in the last place",
        "Median / worst over all components of the gradient.",
        (TRUTH, RELATIVE),
    ),
    "tab-bounds": Caption(
        "Errors against their bounds",
        "The largest error ÷ bound of a component: above 1 theory is violated, and the gradient is "
        "wrong.",
        (TRUTH, BOUND),
    ),
    "tab-accuracy": Caption(
        "Accuracy in detail",
        "Every measure of every method's error, by parameter array and for all together.",
        (TRUTH, RELATIVE, BOUND),
    ),
    "tab-steps": Caption(
        "Best, theoretical and default steps",
        "The step with the least error of those measured; the one that theory calls the best, what "
        "it gives and what theory said it would; the provider's own steps (smallest – largest over "
        "the parameters), their error, and what is lost by them. Of the complex step the best is "
        "the widest that is good. “> 0.1”: no step of the atlas is too wide. A default below the "
        "least is possible: it has a step for each parameter.",
        (TRUTH, STEPS, SAMPLES),
    ),
    "tab-accuracy-gaps": Caption(
        "What was not judged, and why",
        "Work on accuracy that left no result: what a method or the certification refuses, and "
        "what the time did not allow.",
    ),
    "fig-atlas": Caption(
        "Error against step on every problem, float64",
        "Error of the gradient against the step of differences. Circles: the best step measured; "
        "triangles on the axis: the best in theory (of the complex step the widest good one); "
        "diamonds: the provider's default, at its median. Thin lines: theory. Dashed: unit "
        "round-off. The truncation of central differences and of the complex step is the same but "
        "for its sign: their lines coincide.",
        (TRUTH, RELATIVE, STEPS, SAMPLES),
    ),
    "fig-steps": Caption(
        "Steps in theory and by default against the best",
        "Left: the best step in theory against the best measured; of the complex step the widest "
        "good one. Right: the error at the default step against the least over all steps, with "
        "lines 5 and 30 times above the diagonal. A point per problem, scheme and dtype.",
        (TRUTH, STEPS),
    ),
    "fig-plane": Caption(
        "Error against time on every problem",
        "Each method with its default step is a point; trails are difference schemes over all "
        "steps of the atlas, whose time is that of the default times the passes counted. Dashed: "
        "unit round-off.",
        (TRUTH, RELATIVE, TIMES),
    ),
}


def atlas_caption(problem: str) -> Caption:
    """Describe the atlas of one problem."""
    common = CAPTIONS["fig-atlas"]
    return Caption(
        f"Error against step: {problem}",
        f"{common.text} Left of the break: the complex step down to 1e-200. Shaded: steps that are "
        "lost when added to the largest parameter, which a provider refuses.",
        common.shared,
    )


def plane_caption(problem: str) -> Caption:
    """Describe the accuracy-cost plane of one problem."""
    common = CAPTIONS["fig-plane"]
    return Caption(f"Error against time: {problem}", common.text, common.shared)
