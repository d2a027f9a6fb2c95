#!/usr/bin/env python3
"""An independent verifier of toolwatch audit logs (docs/spec/audit.md): standard library only.

verify.py KEY_FILE LOG_DIR [CHECKPOINT_FILE...]   prints a report, exits 0 intact, 1 damaged, 2, 3
verify.py --batch                                 the same for each line of stdin, tab-separated
"""
import base64, hashlib, hmac, json, os, re, sys
LINE = re.compile(rb'\{"log_id":"([0-9a-f]{32})","writer_id":(0|[1-9]\d*),"epoch":(0|[1-9]\d*),"seq":(0|[1-9]\d*),'
                  rb'"time":"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z)","type":"(genesis|event|begun|interrupted|'
                  rb'recovered|missed|closed)","prev":"([0-9a-f]{64})","body":(\{.*\}),"mac":"([0-9a-f]{64})"\}', re.S)
NOTE = re.compile(r'toolwatch\.audit/([0-9a-f]{32})/(\d+)\n(\d+)\n(\S{44})\nepoch (\d+)\ntime (\S+)\n(closed\n)?')
MAX_LINE, U64 = 256 * 1024 + 1024, 1 << 64
sha = lambda data: hashlib.sha256(data).digest()
mac = lambda key, data: hmac.new(key, data, hashlib.sha256).digest()
expand = lambda key, info: mac(key, b"toolwatch audit v1 " + info + b"\x01")

# Ed25519 (RFC 8032), verification alone.
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

def strict(body):
    """One JSON value without a key that comes twice."""
    def pairs(items):
        if len({key for key, _ in items}) != len(items):
            raise ValueError("a key comes twice")
        return dict(items)
    def constant(name):
        raise ValueError(name)
    try:
        return json.loads(body.decode(), object_pairs_hook=pairs, parse_constant=constant)
    except (ValueError, RecursionError):
        return None

class Key:
    """The key of one epoch."""
    def __init__(self, secret, epoch=0):
        self.secret, self.epoch, self.records = secret, epoch, expand(secret, b"record")
    def at(self, epoch, first):
        key = self if epoch >= self.epoch else first
        if epoch - key.epoch > 1_000_000:
            return None
        while key.epoch < epoch:
            key = Key(expand(key.secret, b"next epoch"), key.epoch + 1)
        return key

class Log:
    def __init__(self, key_file):
        lines = open(key_file).read().split("\n")
        word, log_id, root = lines[0].split(" ")
        assert word == "toolwatch-audit-verify-v1"
        self.log_id, self.name = log_id, "toolwatch.audit/" + log_id
        self.public = base64.b64decode(lines[1].split("+", 2)[2])[1:] if lines[1:] and lines[1] else None
        self.chain = [expand(bytes.fromhex(root), b"log " + bytes.fromhex(log_id))]
        self.damages, self.attested, self.notes = [], [], {}
    def damage(self, kind, lane, segment=None, line=None):
        self.damages.append({"writer_id": lane, "segment": segment, "line": line, "kind": kind})
    def link(self, lane):
        while len(self.chain) <= lane:
            self.chain.append(expand(self.chain[-1], b"next writer"))
        return self.chain[lane]
    def key_id(self, typed):
        return sha(self.name.encode() + b"\n" + typed)[:4]
    def read_notes(self, path):
        text = open(path, errors="replace").read()
        marked = re.findall(r'\{"toolwatch_checkpoint":"([^"\n]*)"', text)
        text += "\n" + "\n".join(json.loads('"%s"' % note) for note in marked)
        for note in re.finditer("^" + NOTE.pattern + "\n((?:\u2014 .*\n)*)", text, re.M):
            if note[1] == self.log_id:
                sigs = [(line.split(" ")[1], base64.b64decode(line.split(" ")[2])) for line in note[8].splitlines()]
                body = note[0][:len(note[0]) - len(note[8]) - 1].encode()
                self.notes.setdefault(int(note[2]), []).append((int(note[3]), int(note[5]), base64.b64decode(note[4]), body, sigs))
    def authentic(self, note, key):
        seals = [(i[:4], i[4:]) for name, i in note[4] if name == self.name]
        seal = expand(key.secret, b"checkpoint")
        tag = self.key_id(b"\xfftoolwatch.audit/hmac-sha256")
        ok = any(k == tag and hmac.compare_digest(mac(seal, note[3]), s) for k, s in seals)
        own = self.public and self.key_id(b"\x01" + self.public)
        return ok and (not self.public or any(k == own and signed(self.public, note[3], s) for k, s in seals))

class Lane:
    def __init__(self, log, lane):
        self.log, self.lane, self.first = log, lane, Key(expand(log.link(lane), b"writer"))
        self.key, self.sealed, self.size, self.head = self.first, 0, 0, bytes(32)
        self.bad, self.gap, self.closed, self.torn, self.at = 0, False, False, 0, (None, 0)
        self.notes = sorted(log.notes.get(lane, []), key=lambda note: note[0])
    def damage(self, kind):
        self.log.damage(kind, self.lane, *self.at)
    def line(self, data):
        self.at = (self.at[0], self.at[1] + 1)
        if self.closed:
            self.damage("after_close")
        m = LINE.fullmatch(data)
        if not m or max(int(m[i]) for i in (3, 4)) >= U64 or int(m[2]) >= 1 << 32:
            return self.spoil("malformed")
        lane, epoch, seq, kind, prev, body = int(m[2]), int(m[3]), int(m[4]), m[6].decode(), m[7], m[8]
        if m[1].decode() != self.log.log_id or lane != self.lane:
            return self.spoil("foreign_log" if m[1].decode() != self.log.log_id else "foreign_writer")
        key = self.key.at(epoch, self.first)
        if not key or not hmac.compare_digest(mac(key.records, sha(data[:m.end(8)])), bytes.fromhex(m[9].decode())):
            return self.spoil("altered")
        if seq < self.size:
            return self.damage("out_of_order")
        if seq > self.size:
            self.sealed = 0
            if not self.gap and seq - self.size > self.bad:
                self.damage("missing")
        else:
            if prev.decode() != self.head.hex():
                self.damage("unchained")
            if not 0 <= epoch - self.key.epoch <= 1:
                self.damage("epoch_gap")
        if self.at[1] == 1 and not (kind == "genesis" and re.match(rb'\{"segment":%d[,}]' % self.at[0], body)):
            self.damage("no_genesis")
        elif self.at[1] > 1 and kind == "genesis":
            self.damage("second_genesis")
        value = strict(body)
        if value is None:
            self.damage("ambiguous")
        self.sealed = self.sealed + 1 if epoch == self.key.epoch else 1
        if self.sealed == 101:
            self.damage("epoch_overrun")
        self.key, self.size, self.head, self.bad, self.gap = key, seq + 1, sha(data), 0, False
        self.closed |= kind == "closed"
        if kind == "recovered" and value:
            self.log.attested.append((value["writer_id"], value["size"], value["head"]))
        while self.notes and self.notes[0][0] <= self.size:
            note = self.notes.pop(0)
            if note[0] == self.size:
                ahead = note[1] - self.key.epoch
                if ahead not in (0, 1) or not self.log.authentic(note, self.key.at(note[1], self.first)):
                    self.damage("checkpoint_forged")
                elif note[2] != self.head:
                    self.damage("replaced")
    def spoil(self, kind):
        self.bad += 1
        self.damage(kind)
    def whole(self, data):
        m = LINE.fullmatch(data)
        key = m and self.key.at(int(m[3]), self.first)
        return key and mac(key.records, sha(data[:m.end(8)])).hex() == m[9].decode()
    def segment(self, number, data, last):
        for missing in range(0 if self.at[0] is None else self.at[0] + 1, number):
            self.gap = True
            self.log.damage("segment_missing", self.lane, missing)
        self.at = (number, 0)
        lines = data.split(b"\n")
        for line in lines[:-1]:
            self.line(line)
        self.at, rest = (number, self.at[1] + 1), lines[-1]
        if rest and self.closed:
            self.damage("after_close")
        elif not rest and self.at[1] == 1:
            self.damage("no_genesis")
        elif rest and (not last or self.at[1] == 1 or len(rest) > MAX_LINE):
            self.damage("torn")
        elif rest and self.whole(rest[:-1]):
            self.damage("altered")
        else:
            self.torn, self.at = len(rest), (number, self.at[1] - 1)

def verify(key_file, directory, *checkpoints):
    log, files = Log(key_file), {}
    for path in checkpoints:
        log.read_notes(path)
    for name in os.listdir(directory):
        m = re.fullmatch(r"lane-(\d{8,})-(\d{4,})\.jsonl", name)
        if m and name == "lane-%08d-%04d.jsonl" % (int(m[1]), int(m[2])):
            files.setdefault(int(m[1]), {})[int(m[2])] = name
        elif name.startswith("lane-") and name.endswith(".jsonl"):
            log.damage("stray_file", 2**32 - 1)
    lanes = {number: Lane(log, number) for number in sorted(files)}
    for number, lane in lanes.items():
        for segment in sorted(files[number]):
            with open(os.path.join(directory, files[number][segment]), "rb") as file:
                lane.segment(segment, file.read(), segment == max(files[number]))
        for note in reversed(lane.notes):
            key = lane.key.at(note[1], lane.first)
            log.damage("cut" if key and log.authentic(note, key) else "checkpoint_forged", number)
    end = max([number + 1 for number in [*lanes, *log.notes]] or [0])
    try:
        slots = re.findall(rb"seal-v1 (\d+) (\w+) (\d+) (\w+)", open(os.path.join(directory, "sealing.key"), "rb").read())
        _, log_id, number, secret = max(slots, key=lambda slot: int(slot[0]))
        own = log_id.decode() == log.log_id and log.link(int(number)).hex() == secret.decode()
        end = max(end, int(number)) if own else end
        own or log.damage("sealing_key", int(number))
    except (OSError, ValueError):
        pass
    for number in set(range(end)) - set(lanes):
        log.damage("lane_missing", number)
    for number, size, head in log.attested:
        lane = lanes.get(number)
        if lane and (lane.size != size or lane.head.hex() != head or lane.torn):
            kind = "cut" if lane.size < size else "grown" if lane.size > size else "replaced"
            log.damage(kind if lane.size != size or lane.head.hex() != head else "torn", number)
    verdict = "damaged" if log.damages else "intact" if lanes else "nothing"
    return {"verdict": verdict, "records": sum(lane.size for lane in lanes.values()), "damages": log.damages}

if __name__ == "__main__":
    if sys.argv[1:] == ["--batch"]:
        for words in sys.stdin:
            print(json.dumps(verify(*words.rstrip("\n").split("\t"))), flush=True)
        sys.exit(0)
    try:
        report = verify(*sys.argv[1:])
    except (OSError, AssertionError, ValueError, TypeError) as error:
        sys.exit(print("could not run:", error, file=sys.stderr) or 2)
    print(json.dumps(report))
    sys.exit({"intact": 0, "damaged": 1, "nothing": 3}[report["verdict"]])
