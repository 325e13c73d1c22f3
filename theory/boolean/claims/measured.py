"""The observable that several claims share."""

from theory.core.evidence import Observable

SUCCESS = Observable("success", low=0, high=1, evidence="estimate", noise="bernoulli")
