"""How numbers are obtained: sentences that captions share, and that stand once in the report."""

from __future__ import annotations

from gradmethods.timing.sweeps import BATCH
from gradmethods.timing.trial import TRACED

SETTING = (
    "Networks of layers have sigmoid units, their loss is the mean cross-entropy; "
    f"{BATCH} examples unless these grow; float64, one BLAS thread, garbage collection held."
)
ROUNDS = (
    "Rounds of the gradient and of the loss in plain NumPy alternate in one process; a pair is "
    "left out if another process had the processor during it."
)
INTERVALS = (
    "Medians over rounds, with the 95 % interval of the median by percentile bootstrap; with fewer "
    "than five rounds their range, with one round none."
)
FITS = (
    "Exponents: of a power law fitted by least squares on log-log axes to the longest run of "
    "largest sizes that one describes within 10 %, at least four over at least a decade, with the "
    "95 % interval of Student's t. “Bending”: not even those of the last decade, four at least, "
    "lie on one."
)
ERRORS = (
    "Error: norm of the difference ÷ norm of the reference. Backprop is the reference of the "
    "others; itself it is held against the complex step, which uses no rule of it, on at most 50 "
    "components drawn with the seed."
)
COUNTED = (
    "Counted in the programs, for one example: an arithmetic operation or an elementary function "
    "of one number is one operation, whatever it costs. Formulas written out are the tree that "
    "unfolds from the stages of their derivation; they are counted on the stages."
)
PEAKS = (
    "Peak of the bytes that Python and NumPy asked for, above what was in use before, traced in a "
    "pass of its own (tracemalloc): of one preparation, SymPy's cache emptied before it, and of "
    "one gradient after the first. What a method keeps from preparing, such as buffers and "
    "compiled programs, counts there and not again in a gradient."
)
UNTRACED = (
    "Tracing slows Python several times and long programs hundreds of times, so a case is traced "
    f"where that takes an estimated {TRACED:g} times the seconds of its rounds, or less, and the "
    "run has time for it"
)
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
PLANTS = (
    "Each mistake is planted in the true gradient wherever it changes a component by more than its "
    "bound, and judged by the check that users call, `check_gradient`."
)
HARD_TRUTH = (
    "The truth is enclosed by ball arithmetic, at the exact float64 point and data. Methods are "
    "used as they come, with their default steps."
)
