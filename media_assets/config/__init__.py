"""From library.yaml and the environment to one typed `Settings`, and to the library that it describes.

The sections themselves lie with what they are for (`places/*/settings.py`, `artifacts/*/settings.py` …); here they are
put together, checked against each other, and every mistake is told at its key.

What does not belong here: what a single section allows (it says so itself), and whether what the settings name is there
and can be used (`operation.doctor`).
"""
