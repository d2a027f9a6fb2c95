#!/usr/bin/env python3
"""An independent verifier of toolwatch audit logs (docs/spec/audit.md): standard library only.

verify.py KEY_FILE LOG_DIR [CHECKPOINT_FILE...]   prints a report; exits 0 intact, 1 damaged, 2, 3
verify.py --batch                                 the same for each line of stdin, tab-separated
"""
import base64, hashlib, hmac, json, os, re, sys
from ed25519 import signed
LINE = re.compile(rb'\{"log_id":"([0-9a-f]{32})","writer_id":(0|[1-9]\d*),"epoch":(0|[1-9]\d*),"seq":(0|[1-9]\d*),'
                  rb'"time":"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z)","type":"(genesis|event|begun|interrupted|'
                  rb'recovered|missed|closed)","prev":"([0-9a-f]{64})"(?:,"sealed":"([0-9a-f]{64})")?,"body":(\{.*\}),'
                  rb'"mac":"([0-9a-f]{64})"\}', re.S)
NOTE = re.compile("^toolwatch\\.audit/([0-9a-f]{32})/(\\d+)\n(\\d+)\n(\\S{44})\nepoch (\\d+)\ntime (\\S+)\n"
                  "(closed\n)?\n((?:\u2014 .*\n)*)", re.M)
MARKED, MAX_LINE = re.compile(r'\{"toolwatch_checkpoint":"([^"\n]*)"'), 256 * 1024 + 1024
sha = lambda data: hashlib.sha256(data).digest()
mac = lambda key, data: hmac.new(key, data, hashlib.sha256).digest()
expand = lambda key, info: mac(key, b"toolwatch audit v1 " + info + b"\x01")

def strict(body):
    """One JSON value without a key that comes twice."""
    def pairs(items):
        return dict(items) if len(dict(items)) == len(items) else int("a key comes twice")
    try:
        return json.loads(body.decode(), object_pairs_hook=pairs, parse_constant=int)
    except (ValueError, RecursionError):
        return None

class Key:
    """The key of one epoch."""
    def __init__(self, secret, epoch=0):
        self.secret, self.epoch, self.records = secret, epoch, expand(secret, b"record")
    def at(self, epoch, first):
        key = self if epoch >= self.epoch else first
        while key.epoch < epoch <= self.epoch + 1_000_000:
            key = Key(expand(key.secret, b"next epoch"), key.epoch + 1)
        return key if key.epoch == epoch else None

class Log:
    def __init__(self, key_file):
        lines = open(key_file).read().splitlines()
        word, self.log_id, root = lines[0].split(" ")
        assert word == "toolwatch-audit-verify-v1"
        self.name, self.damages, self.attested, self.notes = "toolwatch.audit/" + self.log_id, [], [], {}
        self.public = base64.b64decode(lines[1].split("+", 2)[2])[1:] if lines[1:] else None
        seals = [(b"\xfftoolwatch.audit/hmac-sha256", 36)] + ([(b"\x01" + self.public, 68)] if self.public else [])
        self.seals = [(self.key_id(typed), size) for typed, size in seals]
        self.chain = [expand(bytes.fromhex(root), b"log " + bytes.fromhex(self.log_id))]
    def damage(self, kind, lane, segment=None, line=None):
        self.damages.append({"writer_id": lane, "segment": segment, "line": line, "kind": kind})
    def link(self, lane):
        while len(self.chain) <= lane:
            self.chain.append(expand(self.chain[-1], b"next writer"))
        return self.chain[lane]
    def key_id(self, typed):
        return sha(self.name.encode() + b"\n" + typed)[:4]
    def read_notes(self, path):
        text = re.sub(r"(?<!\n)\Z", "\n", open(path, errors="replace").read()) + "-\n"
        for note in NOTE.finditer(text + "".join(json.loads('"%s"' % one) + "\n" for one in MARKED.findall(text))):
            try:
                seals = [base64.b64decode(line.split(" ")[2], validate=True) for line in note[8].splitlines()]
            except (ValueError, IndexError):
                continue  # torn
            whole = note.string.startswith("\n", note.end()) or set(self.seals) <= {(seal[:4], len(seal)) for seal in seals}
            if whole and note[1] == self.log_id:
                body = note[0][:len(note[0]) - len(note[8]) - 1].encode()
                found = (int(note[3]), int(note[5]), base64.b64decode(note[4]), body, [(s[:4], s[4:]) for s in seals])
                self.notes.setdefault(int(note[2]), []).append(found)
    def authentic(self, note, key):
        seal = mac(expand(key.secret, b"checkpoint"), note[3])
        is_by = lambda own: any(k == own and signed(self.public, note[3], s) for k, s in note[4])
        return (self.seals[0][0], seal) in note[4] and all(is_by(own) for own, _ in self.seals[1:])

class Lane:
    def __init__(self, log, lane):
        self.log, self.lane, self.first = log, lane, Key(expand(log.link(lane), b"writer"))
        self.key, self.sealed, self.size, self.head = self.first, 0, 0, bytes(32)
        self.bad, self.gap, self.closed, self.torn, self.number, self.at = 0, False, False, 0, -1, 0
        self.notes = sorted(log.notes.get(lane, []), key=lambda note: note[0])
    def damage(self, kind):
        self.log.damage(kind, self.lane, self.number, self.at)
    def spoil(self, kind):
        self.bad += 1
        self.damage(kind)
    def is_sealed(self, m):
        key = self.key.at(int(m[3]), self.first)
        return key and mac(key.records, sha(m.string[:m.end(9)])).hex().encode() == m[10]
    def line(self, data):
        self.at += 1
        if self.closed:
            self.damage("after_close")
        m = LINE.fullmatch(data)
        if not m or len(data) > MAX_LINE or max(int(m[3]), int(m[4])) >= 1 << 64 or int(m[2]) >= 1 << 32:
            return self.spoil("malformed")
        lane, epoch, seq, kind, body = int(m[2]), int(m[3]), int(m[4]), m[6].decode(), m[9]
        if m[1].decode() != self.log.log_id or lane != self.lane:
            return self.spoil("foreign_log" if m[1].decode() != self.log.log_id else "foreign_writer")
        if not self.is_sealed(m):
            return self.spoil("altered")
        if seq < self.size:
            return self.damage("out_of_order")
        if seq > self.size:
            self.sealed = 0
            if not self.gap and seq - self.size > self.bad:
                self.damage("missing")
        else:
            if m[7].decode() != self.head.hex():
                self.damage("unchained")
            end = mac(expand(self.key.secret, b"epoch end"), self.head).hex().encode()
            if not 0 <= epoch - self.key.epoch <= 1:
                self.damage("epoch_gap")
            elif m[8] != (end if epoch > self.key.epoch else None):
                self.damage("epoch_unsealed")
        if self.at == 1 and not (kind == "genesis" and re.match(rb'\{"segment":%d[,}]' % self.number, body)):
            self.damage("no_genesis")
        elif self.at > 1 and kind == "genesis":
            self.damage("second_genesis")
        value = strict(body)
        if value is None:
            self.damage("ambiguous")
        self.sealed = self.sealed + 1 if epoch == self.key.epoch else 1
        if self.sealed == 101:
            self.damage("epoch_overrun")
        self.key, self.size, self.head, self.bad, self.gap = self.key.at(epoch, self.first), seq + 1, sha(data), 0, False
        self.closed |= kind == "closed"
        if kind == "recovered" and value:
            self.log.attested.append((value["writer_id"], value["size"], value["head"]))
        while self.notes and self.notes[0][0] <= self.size:
            note = self.notes.pop(0)
            is_near = 0 <= note[1] - self.key.epoch <= 1
            if note[0] == self.size and not (is_near and self.log.authentic(note, self.key.at(note[1], None))):
                self.damage("checkpoint_forged")
            elif note[0] == self.size and note[2] != self.head:
                self.damage("replaced")
    def segment(self, number, data, last):
        for missing in range(self.number + 1, number):
            self.gap = True
            self.log.damage("segment_missing", self.lane, missing)
        self.number, self.at, lines = number, 0, data.split(b"\n")
        for line in lines[:-1]:
            self.line(line)
        self.at, rest = self.at + 1, lines[-1]
        whole = LINE.fullmatch(rest[:-1])
        if rest and self.closed:
            self.damage("after_close")
        elif not rest and self.at == 1:
            self.damage("no_genesis")
        elif rest and (not last or self.at == 1 or len(rest) > MAX_LINE):
            self.damage("torn")
        elif whole and self.is_sealed(whole):
            self.damage("altered")
        else:
            self.torn = len(rest)

def verify(key_file, directory, *checkpoints):
    log, files = Log(key_file), {}
    for path in checkpoints:
        log.read_notes(path)
    for name in os.listdir(directory):
        m = re.fullmatch(r"lane-(\d+)-(\d+)\.jsonl", name)
        if m and name == "lane-%08d-%04d.jsonl" % (int(m[1]), int(m[2])):
            files.setdefault(int(m[1]), {})[int(m[2])] = name
        elif name.startswith("lane-") and name.endswith(".jsonl"):
            log.damage("stray_file", 2**32 - 1)
    lanes = {number: Lane(log, number) for number in sorted(files)}
    for number, lane in lanes.items():
        for segment in sorted(files[number]):
            data = open(os.path.join(directory, files[number][segment]), "rb").read()
            lane.segment(segment, data, segment == max(files[number]))
        for note in lane.notes:
            key = lane.key.at(note[1], lane.first)
            log.damage("cut" if key and log.authentic(note, key) else "checkpoint_forged", number)
    end = max([number + 1 for number in [*lanes, *log.notes]] or [0])
    try:
        state = open(os.path.join(directory, "sealing.key"), "rb").read()
        slot = max(re.findall(rb"seal-v1 (\d+) (\w+) (\d+) (\w+)", state), key=lambda slot: int(slot[0]))
        own = slot[1].decode() == log.log_id and log.link(int(slot[2])).hex() == slot[3].decode()
        end = max(end, int(slot[2])) if own else log.damage("sealing_key", int(slot[2])) or end
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

if sys.argv[1:] == ["--batch"]:
    for words in sys.stdin:
        print(json.dumps(verify(*words.rstrip("\n").split("\t"))), flush=True)
    sys.exit(0)
try:
    report = verify(*sys.argv[1:])
except (OSError, AssertionError, ValueError, TypeError, IndexError) as error:
    sys.exit(print("could not run:", error, file=sys.stderr) or 2)
print(json.dumps(report))
sys.exit({"intact": 0, "damaged": 1, "nothing": 3}[report["verdict"]])
