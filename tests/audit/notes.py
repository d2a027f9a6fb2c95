"""C2SP signed notes among other lines, also as JSON strings, for which the standard library has no reader."""
import base64, json, re
NOTE = re.compile("^toolwatch\\.audit/([0-9a-f]{32})/([0-9]{1,10})\n([0-9]{1,20})\n(\\S{44})\nepoch ([0-9]{1,20})\n"
                  "time (\\S+)\n(closed\n)?\n((?:\u2014 .*\n)*)", re.M)
MARKED = re.compile(r'\{"toolwatch_checkpoint":("(?:[^"\\\x00-\x1f]|\\["\\/bfnrt]|\\u[0-9a-fA-F]{4})*")')
def seal(line):
    _, name, blob = line.split(" ")
    blob = base64.b64decode(blob, validate=True)
    return name, blob[:4], blob[4:]
def notes(path):
    """Each note that is not torn: the fields, the text that is sealed, its seals, whether an empty line ends it."""
    text = re.sub(r"(?<!\n)\Z", "\n", open(path, errors="replace").read()) + "-\n"
    for one in [text] + [json.loads(marked) + "\n" for marked in MARKED.findall(text)]:
        for note in NOTE.finditer(one):
            log, lane, size, head, epoch = note.groups()[:5]
            lane, size, epoch, end = int(lane), int(size), int(epoch), len(note[0]) - len(note[8]) - 1
            try:
                head, seals = base64.b64decode(head, validate=True), [seal(line) for line in note[8].splitlines()]
                body = note[0][:end].encode()
            except ValueError:
                continue
            if not (lane >> 32 or size >> 64 or epoch >> 64):
                yield (log, lane, size, epoch, head), body, seals, one.startswith("\n", note.end())
