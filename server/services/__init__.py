"""Use cases as plain functions over a unit of work; clock, ids and keys are passed in."""
