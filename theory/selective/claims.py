"""The claims, in the order of the comparisons that they make."""

from theory.selective.claims_closed_forms import (
    DILUTION,
    DYNAMIC_RANGE,
    FLAT_TEMPERATURE,
    LENGTH_SCHEDULE,
    TWO_TOKEN_NORMS,
)
from theory.selective.claims_models import LANGUAGE_MODEL, VALUE_DENOISING
from theory.selective.claims_training import COLLINEAR_TWINS, EXPRESSIVITY, GRAPH_TARGETS, MAP_NOT_IDENTIFIED

CLAIMS = (
    DILUTION,
    LENGTH_SCHEDULE,
    TWO_TOKEN_NORMS,
    COLLINEAR_TWINS,
    GRAPH_TARGETS,
    EXPRESSIVITY,
    MAP_NOT_IDENTIFIED,
    FLAT_TEMPERATURE,
    VALUE_DENOISING,
    DYNAMIC_RANGE,
    LANGUAGE_MODEL,
)
