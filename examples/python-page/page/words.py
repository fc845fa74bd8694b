"""The page: counts the words of the body, and answers with the most frequent ones as JSON."""
import json
import os
import re
import sys
from collections import Counter

words = re.findall(r"\w+", sys.stdin.read().lower())
print("Content-Type: application/json\n")
print(json.dumps({
    "path": os.environ["PATH_INFO"],
    "words": len(words),
    "most": dict(Counter(words).most_common(3)),
}))
