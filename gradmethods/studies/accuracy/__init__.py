"""The accuracy report: all methods against certified gradients, over problems, steps, mistakes.

Nothing here decides who is right: that is `gradmethods.truth`. Read `survey.py` first.
"""
