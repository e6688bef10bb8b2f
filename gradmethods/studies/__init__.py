"""What the suite finds out about gradients beyond their cost and error: claims, training, lessons.

Nothing here draws or writes: `report` shows what these find, and `app` runs them. Read
`training.py` first.
"""
