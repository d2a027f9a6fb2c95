"""Verification of Ed25519 signatures (RFC 8032), which the standard library lacks."""
import hashlib
P, L = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
def add(a, b):
    e, f = (a[1] - a[0]) * (b[1] - b[0]), (a[1] + a[0]) * (b[1] + b[0])
    g, h = 2 * a[3] * b[3] * D, 2 * a[2] * b[2]
    return ((f - e) * (h - g) % P, (h + g) * (f + e) % P, (h - g) * (h + g) % P, (f - e) * (f + e) % P)
def times(n, point):
    out = (0, 1, 1, 0)
    for bit in bin(n)[2:]:
        out = add(out, out)
        out = add(out, point) if bit == "1" else out
    return out
def point(data):
    y, sign = int.from_bytes(data, "little") & (2**255 - 1), data[31] >> 7
    x2 = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(x2, (P + 3) // 8, P)
    x = x if (x * x - x2) % P == 0 else x * pow(2, (P - 1) // 4, P) % P
    if y >= P or (x * x - x2) % P:
        raise ValueError("no point")
    x = x if x & 1 == sign else P - x
    return (x, y, 1, x * y % P)
BASE = point((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))
def signed(public, text, signature):
    try:
        r, a, s = point(signature[:32]), point(public), int.from_bytes(signature[32:], "little")
    except ValueError:
        return False
    h = int.from_bytes(hashlib.sha512(signature[:32] + public + text).digest(), "little") % L
    left, right = times(s, BASE), add(r, times(h, a))
    return s < L and all((left[i] * right[2] - right[i] * left[2]) % P == 0 for i in (0, 1))
