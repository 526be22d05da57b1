"""The records service: who may open what, by the one table over stored facts; and everything that lasts of a reading."""
