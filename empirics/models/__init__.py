"""Lane-first models: functions on dictionaries of stacked tensors."""
