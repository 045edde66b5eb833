"""Documents as the platform reads them: pages, passages, which of them answer a question, and the answer in words.

Pure but for `reading` and `child`: files are parsed in processes of their own, which may hang, crash or be killed.
"""
