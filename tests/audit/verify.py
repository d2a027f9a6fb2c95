#!/usr/bin/env python3
"""An independent verifier of toolwatch audit logs (docs/spec/audit.md): standard library only.
verify.py KEY_FILE LOG_DIR [CHECKPOINT_FILE...]   prints a report; exits 0 intact, 1 damaged, 2, 3
verify.py --batch                                 the same for each line of stdin, tab-separated
"""
import base64, hashlib, hmac, itertools, json, os, re, stat, sys, time
from ed25519 import signed
from notes import notes
from strict import strict
LINE = re.compile(rb'\{"log_id":"([0-9a-f]{32})","writer_id":(0|[1-9]\d{0,9}),"epoch":(0|[1-9]\d{0,19}),'
                  rb'"seq":(0|[1-9]\d{0,19}),"time":"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z)","type":"(genesis|event|begun|'
                  rb'interrupted|recovered|missed|closed)","prev":"([0-9a-f]{64})"(?:,"sealed":"([0-9a-f]{64})")?,'
                  rb'"body":(\{.*\}),"mac":"([0-9a-f]{64})"\}', re.S)
SLOT = re.compile(rb"(toolwatch-audit-seal-v1 (\d{1,20}) ([0-9a-f]{32}) (\d{1,10}) ([0-9a-f]{64}) \[[\d,]*\]) ([0-9a-f]{16})\n")
ID = re.compile(rb'\{"event_id":"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})"')
NAME, MAX_LINE, NO_LANE = re.compile(r"lane-([0-9]{8,10})-([0-9]{4,10})\.jsonl"), 256 * 1024 + 1024, 2**32 - 1
sha = lambda data: hashlib.sha256(data).digest()
mac = lambda key, data: hmac.new(key, data, hashlib.sha256).digest()
expand = lambda key, info: mac(key, b"toolwatch audit v1 " + info + b"\x01")
is_file = lambda path: stat.S_ISREG(os.stat(path).st_mode)

class Key:  # of one epoch
    def __init__(self, secret, epoch=0):
        self.secret, self.epoch, self.records = secret, epoch, expand(secret, b"record")

class Log:
    def __init__(self, key_file):
        lines = open(key_file).read().splitlines()
        word, self.log_id, root = lines[0].split(" ")
        assert word == "toolwatch-audit-verify-v1"
        log_id, root, self.name = bytes.fromhex(self.log_id), bytes.fromhex(root), "toolwatch.audit/" + self.log_id
        self.public = base64.b64decode(lines[1].split("+", 2)[2])[1:] if lines[1:] else None
        key_id = lambda typed: sha(self.name.encode() + b"\n" + typed)[:4]
        seals = [(b"\xfftoolwatch.audit/hmac-sha256", 32)] + ([(b"\x01" + self.public, 64)] if self.public else [])
        self.seals = [(key_id(typed), size) for typed, size in seals]
        self.own, self.own_id = expand(root, b"verifier " + log_id), key_id(b"\xfftoolwatch.audit/verifier-hmac-sha256")
        self.chain, self.notes, self.damages, self.attested, self.begun = [expand(root, b"log " + log_id)], {}, [], [], {}
    def damage(self, kind, lane, segment=None, line=None):
        self.damages.append({"writer_id": lane, "segment": segment, "line": line, "kind": kind})
    def link(self, lane):
        while len(self.chain) <= lane:
            self.chain.append(expand(self.chain[-1], b"next writer"))
        return self.chain[lane]
    def read_notes(self, path):
        for (log_id, lane, size, epoch, head), text, seals, is_ended in notes(path):
            seals = [(own, seal) for name, own, seal in seals if name == self.name]
            has = {(own, len(seal)) for own, seal in seals}
            if log_id == self.log_id and (is_ended or (self.own_id, 32) in has or set(self.seals) <= has):
                self.notes.setdefault(lane, []).append((size, epoch, head, text, seals))
    def authentic(self, note, key):  # of a verifier, or of this epoch and signed where there is a key for that
        has = lambda own, secret: (own, mac(secret, note[3])) in note[4]
        is_by = lambda own: any(k == own and len(s) == 64 and signed(self.public, note[3], s) for k, s in note[4])
        is_sealed = key and has(self.seals[0][0], expand(key.secret, b"checkpoint"))
        return has(self.own_id, self.own) or is_sealed and all(is_by(own) for own, _ in self.seals[1:])

class Lane:
    def __init__(self, log, lane):
        self.log, self.lane, self.first = log, lane, Key(expand(log.link(lane), b"writer"))
        self.key, self.sealed, self.size, self.head, self.steps = self.first, 0, 0, bytes(32), 1_000_000
        self.bad, self.gap, self.closed, self.torn, self.number, self.at = 0, False, False, 0, -1, 0
        self.notes = sorted(log.notes.get(lane, []), key=lambda note: note[0])
        self.begun, self.attested, self.wrong = {}, [], []
    def check(self, spoils=False, **wrong):
        self.bad += spoils
        for kind in filter(wrong.get, wrong):
            self.log.damage(kind, self.lane, self.number, self.at)
    def key_of(self, epoch, base):
        key = base if epoch >= base.epoch else self.first
        steps = epoch - key.epoch
        if steps > max(self.steps, 1):  # a line can claim any epoch
            return None
        self.steps -= steps if steps > 1 else 0
        for _ in range(steps):
            key = Key(expand(key.secret, b"next epoch"), key.epoch + 1)
        return key
    def sealed_by(self, m):
        key = self.key_of(int(m[3]), self.key)
        return key if key and mac(key.records, sha(m.string[:m.end(9)])).hex().encode() == m[10] else None
    def line(self, data):
        self.at += 1
        self.check(after_close=self.closed)
        m = LINE.fullmatch(data) if len(data) <= MAX_LINE else None
        if not m or int(m[2]) >> 32 | int(m[3]) >> 64 | int(m[4]) >> 64:
            return self.check(True, malformed=True)
        epoch, seq, kind, body = int(m[3]), int(m[4]), m[6].decode(), m[9]
        is_foreign = m[1].decode() != self.log.log_id
        if is_foreign or int(m[2]) != self.lane:
            return self.check(True, foreign_log=is_foreign, foreign_writer=not is_foreign)
        key = self.sealed_by(m)
        if not key or seq < self.size:
            return self.check(not key, altered=not key, out_of_order=key)
        follows, step = seq == self.size, epoch - self.key.epoch
        end = mac(expand(self.key.secret, b"epoch end"), self.head).hex().encode() if step else None
        value, self.sealed = strict(body, kind), self.sealed + 1 if follows and not step else 1
        is_genesis = kind == "genesis" and re.match(rb'\{"segment":%d[,}]' % self.number, body)
        self.check(missing=not follows and not self.gap and seq - self.size > self.bad,
                   unchained=follows and m[7].decode() != self.head.hex(), epoch_gap=follows and step not in (0, 1),
                   epoch_unsealed=follows and step in (0, 1) and m[8] != end, epoch_overrun=self.sealed == 101,
                   no_genesis=self.at == 1 and not is_genesis, second_genesis=self.at > 1 and kind == "genesis",
                   ambiguous=value is None)
        self.take(kind if value is not None else None, seq, value, ID.match(body))
        self.key, self.size, self.head, self.bad, self.gap, self.closed = key, seq + 1, sha(data), 0, False, self.closed or kind == "closed"
        while self.notes and self.notes[0][0] <= self.size:
            note = self.notes.pop(0)
            near = self.key_of(note[1], key) if 0 <= note[1] - epoch <= 1 else None
            is_good = note[0] < self.size or self.log.authentic(note, near)
            self.check(checkpoint_forged=not is_good, replaced=is_good and note[0] == self.size and note[2] != self.head)
    def take(self, kind, seq, value, operation):
        lane = value["writer_id"] if kind in ("recovered", "interrupted") else None
        known = self.log.begun.get(lane)
        if kind == "recovered":
            self.attested.append((lane, value["size"], value["head"]))
            self.wrong += [] if known is None or value.get("interrupted") in (None, len(known)) else [lane]
        elif kind == "interrupted":
            self.wrong += [] if known is None or known.get(operation[1]) == value["seq"] else [lane]
        elif operation and kind == "event":
            self.begun.pop(operation[1], None)
        elif operation and kind == "begun" and len(self.begun) < 65_536:
            self.begun[operation[1]] = seq
    def segment(self, number, data, last):
        for missing in range(self.number + 1, min(number, self.number + 1001)):
            self.gap = True
            self.log.damage("segment_missing", self.lane, missing)
        *lines, rest = data.split(b"\n")
        self.number, self.at = number, 0
        for line in lines:
            self.line(line)
        self.at, whole = self.at + 1, LINE.fullmatch(rest[:-1])
        is_torn = rest and not self.closed and (not last or self.at == 1 or len(rest) > MAX_LINE)
        is_whole = whole and not self.closed and not is_torn and self.sealed_by(whole)
        self.check(no_genesis=not rest and self.at == 1, after_close=rest and self.closed, torn=is_torn, altered=is_whole)
        self.torn = 0 if self.closed or is_torn or is_whole else len(rest)
    def end(self, is_sound):
        key = self.key
        for note in self.notes:  # beyond the end
            left, found = self.steps, None if self.log.authentic(note, None) else self.key_of(note[1], key)
            is_good = self.log.authentic(note, found)
            self.steps, key = (left, found) if is_good and found else (self.steps, key)
            self.log.damage("cut" if is_good else "checkpoint_forged", self.lane)
        self.log.damages += [{"writer_id": lane, "segment": None, "line": None, "kind": "misreported"} for lane in self.wrong]
        self.log.begun.update({self.lane: self.begun} if is_sound and not self.notes else {})
        self.log.attested += self.attested
def sealing_key(path):
    for _ in range(5 if is_file(path) else 0):  # a start may write one slot between the reading of the two
        state = open(path, "rb").read(8192)
        slots = [m for m in map(SLOT.match, (state[:4096], state[4096:])) if m and sha(m[1])[:8].hex() == m[6].decode()]
        if slots:
            return max((int(m[2]), m[3].decode(), int(m[4]), m[5].decode()) for m in slots)[1:]
        time.sleep(0.01)
    return None, NO_LANE, None
def files_of(log, directory):
    lanes, end, spare = {}, 0, 1_000_000
    for name in os.listdir(directory):
        m, path = NAME.fullmatch(name), os.path.join(directory, name)
        lane, segment = map(int, m.groups()) if m else (NO_LANE + 1, 0)
        is_named = name == "lane-%08d-%04d.jsonl" % (lane, segment) and max(lane, segment) <= NO_LANE
        if is_named and is_file(path):
            lanes.setdefault(lane, {})[segment] = path
        elif name.startswith("lane-") and name.endswith(".jsonl"):
            log.damage("stray_file", lane if is_named else NO_LANE)
    for lane in sorted(lanes):
        if lane - end > spare:
            log.damage("stray_file", lane)
        else:
            spare, end = spare - (lane - end), lane + 1
            yield lane, lanes[lane]
def verify(key_file, directory, *checkpoints):
    log, lanes, path = Log(key_file), {}, os.path.join(directory, "sealing.key")
    state = sealing_key(path) if os.access(path, os.R_OK) else None
    for path in checkpoints:
        log.read_notes(path)
    for number, segments in files_of(log, directory):
        lanes[number], before = Lane(log, number), len(log.damages)
        for segment in sorted(segments):
            lanes[number].segment(segment, open(segments[segment], "rb").read(), segment == max(segments))
        lanes[number].end(len(log.damages) == before)
    begun = max(lanes, default=-1) + 1
    end = max([begun] + [number + 1 for number in log.notes])
    if state:
        is_ours = state[0] == log.log_id and state[1] <= begun + 1_000_000 and log.link(state[1]).hex() == state[2]
        end = max(end, state[1]) if is_ours else log.damage("sealing_key", state[1]) or end
    for number in itertools.islice((number for number in range(end) if number not in lanes), 10_000):
        log.damage("lane_missing", number)
    for number, size, head in log.attested:
        lane = lanes.get(number)
        if lane and (lane.size != size or lane.head.hex() != head or lane.torn):
            kind = "cut" if lane.size < size else "grown" if lane.size > size else "replaced"
            log.damage(kind if lane.size != size or lane.head.hex() != head else "torn", number)
    verdict = "damaged" if log.damages else "intact" if lanes else "nothing"
    return {"verdict": verdict, "records": sum(lane.size for lane in lanes.values()), "damages": log.damages}
if sys.argv[1:] == ["--batch"]:
    for words in sys.stdin:
        print(json.dumps(verify(*words.rstrip("\n").split("\t"))), flush=True)
    sys.exit(0)
try:
    report = verify(*sys.argv[1:])
except Exception as error:  # whatever it is, it is no verdict
    sys.exit(print("could not run:", error, file=sys.stderr) or 2)
print(json.dumps(report))
sys.exit({"intact": 0, "damaged": 1, "nothing": 3}[report["verdict"]])
