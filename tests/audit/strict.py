"""JSON as strictly as an audit log asks for it, which the standard library's reader is not."""
import json, math, re
BOUNDS = {"missed": {"events": 64}, "recovered": {"writer_id": 32, "size": 64}, "interrupted": {"writer_id": 32, "seq": 64}}
def number(text):
    if math.isinf(float(text)):
        raise ValueError("no float is so large")
    return int(text) if text.isdigit() else float(text)
def pairs(items):
    if len(dict(items)) < len(items):
        raise ValueError("a key comes twice")
    return dict(items)
def depth(value):
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else None
    return 0 if inner is None else 1 + max(map(depth, inner), default=0)
def is_natural(value, bits):
    return type(value) is int and value < 1 << bits
def strict(body, kind):
    """The body, or None when two readers could read it differently or it lacks what its type needs."""
    try:
        value = json.loads(body.decode(), object_pairs_hook=pairs, parse_constant=pairs, parse_int=number, parse_float=number)
        json.dumps(value, ensure_ascii=False).encode()  # fails on half a pair of surrogates
        is_fit = depth(value) < 128 and all(is_natural(value.get(name), bits) for name, bits in BOUNDS.get(kind, {}).items())
    except (ValueError, RecursionError):
        return None
    if kind == "recovered":
        count = value.get("interrupted")
        is_fit &= re.fullmatch("[0-9a-f]{64}", str(value.get("head"))) is not None and (count is None or is_natural(count, 64))
    if kind == "interrupted":
        is_fit &= re.match(rb'\{"event_id":"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"', body) is not None
    return value if is_fit else None
