"""Experiments of the paper on temperature-controlled attention, in the order of its claims."""

from empirics.selective.criterion import CRITERION
from empirics.selective.denoising import DENOISING
from empirics.selective.dilution import DILUTION, SCHEDULE
from empirics.selective.graphs import EXPRESSIVITY, GRAPH_TRAINING
from empirics.selective.language import LANGUAGE_MODEL
from empirics.selective.temperature_network import TEMPERATURE_PAIR
from empirics.selective.trees import TREES
from empirics.selective.twins import TWINS
from empirics.selective.two_tokens import STRING_LOSS, TWO_TOKEN_NORMS

EXPERIMENTS = (
    DILUTION,
    SCHEDULE,
    TWO_TOKEN_NORMS,
    TWINS,
    CRITERION,
    GRAPH_TRAINING,
    EXPRESSIVITY,
    STRING_LOSS,
    DENOISING,
    TEMPERATURE_PAIR,
    TREES,
    LANGUAGE_MODEL,
)
