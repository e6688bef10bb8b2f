"""What the article shows, one lesson a file: what is written of it, how it is drawn, its caption.

Studies come in as tables; nothing is trained or differentiated here. Read `training.py` first.
"""
