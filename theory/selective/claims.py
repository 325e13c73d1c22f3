"""The claims, in the order of the comparisons that they make."""

from theory.selective.claims_closed_forms import (
    DILUTION,
    DYNAMIC_RANGE,
    FLAT_TEMPERATURE,
    LENGTH_SCHEDULE,
    TWO_TOKEN_NORMS,
)
from theory.selective.claims_conjectures import (
    DEGREE_AND_SHARPNESS,
    KEY_TEMPERATURES,
    LARGER_TREES,
    PLACEMENTS,
    TREE_CHILDREN,
    TREE_NORMS,
    TREE_SUBTREES,
)
from theory.selective.claims_criterion import CRITERION_IN_TRAINING
from theory.selective.claims_models import LANGUAGE_MODEL, TEXT_TEMPERATURES, VALUE_DENOISING
from theory.selective.claims_training import (
    COLLINEAR_TWINS,
    EXPRESSIVITY,
    FLOORS_BY_KIND,
    GRAPH_TARGETS,
    LESS_SIMILAR_TWINS,
    MAP_NOT_IDENTIFIED,
)

CLAIMS = (
    DILUTION,
    LENGTH_SCHEDULE,
    TWO_TOKEN_NORMS,
    COLLINEAR_TWINS,
    LESS_SIMILAR_TWINS,
    KEY_TEMPERATURES,
    CRITERION_IN_TRAINING,
    GRAPH_TARGETS,
    PLACEMENTS,
    DEGREE_AND_SHARPNESS,
    TREE_SUBTREES,
    TREE_CHILDREN,
    TREE_NORMS,
    LARGER_TREES,
    EXPRESSIVITY,
    FLOORS_BY_KIND,
    MAP_NOT_IDENTIFIED,
    FLAT_TEMPERATURE,
    VALUE_DENOISING,
    DYNAMIC_RANGE,
    TEXT_TEMPERATURES,
    LANGUAGE_MODEL,
)
