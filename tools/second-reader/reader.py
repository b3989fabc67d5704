#!/usr/bin/env python3
"""A second reader of Xylem's formats, written from docs/spec alone: Python's standard library, and the zstd program.

  reader.py host REPOSITORY TRUST_MAP HOST_ID NOW   what that host should run, each file verified, as JSON
  reader.py news REPOSITORY ENVIRONMENT             check each news file against the files that it saves asking for
  reader.py token TOKEN REQUEST ANSWER              check a join request and its answer by the token's secret
  reader.py report ENVELOPE PUBLIC_KEY_HEX          check a report or watermark and print its payload
  reader.py proofs DOCUMENT PUBLIC_KEY_HEX          check the watermarks of hosts that one signature is over
  reader.py canonical FILE...                       check that documents are written as the conventions say
"""
import base64, fnmatch, hashlib, hmac, json, os, re, struct, subprocess, sys

P = 2**255 - 19
D = -121665 * pow(121666, -1, P) % P
L = 2**252 + 27742317777372353535851937790883648493


def fail(sentence):
    raise SystemExit(f"refused: {sentence}")


def sha(data):
    return hashlib.sha256(data).hexdigest()


def b64u(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


# Ed25519 (RFC 8032), points as (x, y)
def add(a, b):
    (x1, y1), (x2, y2) = a, b
    t = D * x1 * x2 * y1 * y2
    return ((x1 * y2 + x2 * y1) * pow(1 + t, -1, P) % P, (y1 * y2 + x1 * x2) * pow(1 - t, -1, P) % P)


def times(n, point):
    total = (0, 1)
    for bit in bin(n)[2:]:
        total = add(total, total)
        if bit == "1":
            total = add(total, point)
    return total


def point_of(raw):
    y, sign = int.from_bytes(raw, "little") & (2**255 - 1), raw[31] >> 7
    xx = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(xx, (P + 3) // 8, P)
    if x * x % P != xx:
        x = x * pow(2, (P - 1) // 4, P) % P
    if x * x % P != xx:
        fail("a key or signature is no point of the curve")
    return (P - x if x & 1 != sign else x, y)


BASE = point_of((4 * pow(5, -1, P) % P).to_bytes(32, "little"))


def signed_by(key, message, signature):
    s = int.from_bytes(signature[32:], "little")
    h = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % L
    return s < L and times(s, BASE) == add(point_of(signature[:32]), times(h, point_of(key)))


def canonical(value):
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


# metadata.md
class Tuf:
    def __init__(self, folder, repository, root_bytes, now):
        if sha(root_bytes)[:32] != repository:
            fail("the pinned root is not this repository's")
        self.base, self.now = os.path.join(folder, "r", repository), now
        root = json.loads(root_bytes)
        self.verify(root, root["signed"], "root")
        while (following := self.read(f"metadata/{root['signed']['version'] + 1}.root.json", True)):
            new = json.loads(following)
            self.verify(new, root["signed"], "root")
            self.verify(new, new["signed"], "root")
            root = new
        self.root = root["signed"]
        self.timestamp = self.load("timestamp", "timestamp.json", self.root)
        self.snapshot = self.named("snapshot", self.timestamp["meta"], self.root)
        self.targets = self.role("targets", self.root)

    def read(self, path, optional=False):
        try:
            with open(os.path.join(self.base, path), "rb") as file:
                return file.read()
        except FileNotFoundError:
            return None if optional else fail(f"{path} is absent")

    def verify(self, document, by, role):
        entry = by["roles"][role] if isinstance(by["roles"], dict) else next(r for r in by["roles"] if r["name"] == role)
        good = {s["keyid"] for s in document["signatures"] if s["keyid"] in entry["keyids"] and signed_by(
            bytes.fromhex(by["keys"][s["keyid"]]["keyval"]["public"]), canonical(document["signed"]), bytes.fromhex(s["sig"]))}
        if len(good) < entry["threshold"]:
            fail(f"{role}: too few signatures")

    def load(self, role, path, by, meta=None):
        data = self.read("metadata/" + path)
        meta = meta or {}
        if len(data) != meta.get("length", len(data)) or sha(data) != meta.get("hashes", {}).get("sha256", sha(data)):
            fail(f"{role} is not what was named")
        document = json.loads(data)
        self.verify(document, by, role)
        if document["signed"]["expires"] <= self.now:
            fail(f"{role} has expired")
        if document["signed"]["version"] != meta.get("version", document["signed"]["version"]):
            fail(f"{role} is not the version that was named")
        return document["signed"]

    def named(self, name, meta, by):
        entry = meta[name + ".json"]
        return self.load(name, f"{entry['version']}.{name}.json", by, entry)

    def role(self, name, by):
        return self.named(name, self.snapshot["meta"], by)

    def target(self, path, role=None):
        role = role or self.targets
        if path in role["targets"]:
            entry = role["targets"][path]
            folder, _, name = path.rpartition("/")
            data = self.read(os.path.join("targets", folder, f"{entry['hashes']['sha256']}.{name}"))
            if sha(data) != entry["hashes"]["sha256"] or len(data) != entry["length"]:
                fail(f"{path} is not what was signed")
            return data
        for r in role.get("delegations", {"roles": []})["roles"]:
            hit = any(all(fnmatch.fnmatch(a, b) for a, b in zip(path.split("/"), g.split("/"))) and path.count("/") == g.count("/")
                      for g in r.get("paths", [])) or any(sha(path.encode()).startswith(p) for p in r.get("path_hash_prefixes", []))
            if hit:
                delegations = {"keys": role["delegations"]["keys"], "roles": role["delegations"]["roles"]}
                found = self.target(path, self.role_by(r["name"], delegations))
                if found is not None or r["terminating"]:
                    return found
        return None

    def role_by(self, name, delegations):
        return self.role(name, delegations)


# direction.md
def selects(text, labels):
    words = re.findall(r'"[^"]*"|!=|[()=~,]|[A-Za-z0-9._/*?-]+', text)
    at = 0

    def take():
        nonlocal at
        at += 1
        return words[at - 1]

    def peek():
        return words[at] if at < len(words) else None

    def either():
        value = both()
        while peek() == "or":
            take()
            value = both() or value
        return value

    def both():
        value = negated()
        while peek() == "and":
            take()
            value = negated() and value
        return value

    def negated():
        if peek() == "not":
            take()
            return not primary()
        return primary()

    def primary():
        word = take()
        if word == "(":
            value = either()
            take()
            return value
        if word == "all":
            return True
        held, operator = labels.get(word), take()
        if operator == "exists":
            return held is not None
        if operator == "in":
            take()
            values = []
            while words[at - 1] != ")":
                values.append(take().strip('"'))
                take()
            return held in values
        value = take().strip('"')
        if operator == "~":
            return held is not None and fnmatch.fnmatchcase(held, value)
        return (held == value) == (operator == "=")

    return True if not words else either()


def in_cohort(cohort, host):
    return cohort is None or hmac.new(b64u(cohort["salt"]), host.encode(), "sha256").hexdigest() <= cohort["atMost"]


# objects.md
def unzstd(data):
    return subprocess.run(["zstd", "-d", "-q", "-c", "--long=31"], input=data, stdout=subprocess.PIPE, check=True).stdout


def object_of(folder, domain, digest):
    with open(os.path.join(folder, "o", domain, digest), "rb") as file:
        data = file.read()
    return data if sha(data) == digest else fail(f"object {digest} is damaged")


def install(folder, domain, tree):
    with open(os.path.join(folder, "o", domain, "offers", tree), "rb") as file:
        offer = json.loads(unzstd(file.read()))
    packs = [object_of(folder, domain, digest) for digest, _ in offer["packs"]]
    for pack in packs:
        at, length, magic = struct.unpack("<QI4s", pack[-16:])
        if pack[:8] != b"XYLPACK1" or magic != b"XYP1":
            fail("not a pack")
        if json.loads(unzstd(pack[at:at + length]))["format"] != "xylem-pack-1":
            fail("unknown pack index")
    contents = []
    for pack, offset, length, raw, _ in offer["frames"]:
        frame = packs[pack][offset:offset + length]
        contents.append(frame[1:] if frame[0] == 0 else unzstd(frame[1:]))
        if len(contents[-1]) != raw:
            fail("a frame has another length than said")
    numbers = {digest: n for n, (digest, _) in reversed(list(enumerate(offer["treeChunks"])))}
    sizes = dict(map(tuple, offer["treeChunks"]))
    chunks = {}

    def cut():
        by_number = {n: d for d, n in numbers.items()}
        for (_, _, _, _, runs), content in zip(offer["frames"], contents):
            for first, count, at in runs:
                for n in range(first, first + count):
                    if n not in by_number:
                        break
                    digest = by_number[n]
                    chunks[digest] = content[at:at + sizes[digest]]
                    at += sizes[digest]

    cut()
    text = b"".join(chunks[digest] for digest, _ in offer["treeChunks"])
    if sha(text) != tree:
        fail("the tree is not the one that was named")
    lines = [json.loads(line) for line in text.decode().removesuffix("\n").split("\n")]
    if lines[0] != {"format": "xylem-tree-1"}:
        fail("unknown tree format")
    files = [entry for entry in lines[1:] if "t" not in entry]
    for entry in files:
        for digest, size in entry.get("c", [[entry["d"], entry["s"]]] if entry["s"] else []):
            numbers.setdefault(digest, len(numbers))
            sizes[digest] = size
    cut()
    for entry in files:
        data = b"".join(chunks[d] for d, _ in entry.get("c", [[entry["d"], 0]] if entry["s"] else []))
        if sha(data) != entry["d"] or len(data) != entry["s"]:
            fail(f"{entry['p']} is not what was signed")
    return {entry["p"]: entry.get("d") or entry.get("l") or "folder" for entry in lines[1:]}


def vendor_role(releases, domain):
    return releases.role_by(f"p-{domain}", releases.targets["delegations"])


def host(folder, trust_map, host_id, now):
    trust = json.load(open(trust_map))
    root_of = lambda repository: b64u(trust["repositories"][repository]["root"])
    environment = trust["environment"]
    state = json.loads(Tuf(folder, environment, root_of(environment), now).target("desired-state.json"))
    node = json.loads(object_of(folder, environment, state["hostMap"]))
    for digit in host_id:
        if "children" in node:
            node = json.loads(object_of(folder, environment, node["children"][digit]))
    entry = node["hosts"][host_id]
    labels = {**entry["labels"], "id": host_id, "name": entry.get("name")}
    components, repositories = {}, {}
    for wanted in state["assignments"]:
        pin = entry.get("pins", {}).get(wanted["component"])
        fits = pin == wanted["package"] if pin else selects(wanted["where"], labels) and in_cohort(wanted.get("cohort"), host_id)
        if wanted["component"] in components or not fits:
            continue
        product = state["products"][wanted["product"]]
        repository = trust["products"].get(wanted["product"], trust["products"].get("*"))
        if repository != product["repository"]:
            fail("the trust map names another repository for the product")
        if repository not in repositories:
            repositories[repository] = Tuf(folder, repository, root_of(repository), now)
        rules = vendor_role(repositories[repository], product["domain"]).get("xylem", {})
        if wanted["release"] in [one["release"] for one in state.get("quarantined", [])]:
            fail(f"release {wanted['release']} is quarantined")
        if wanted["release"] in rules.get("withdrawn", []):
            fail(f"release {wanted['release']} was withdrawn")
        vouched = repositories[repository].target(f"release/{wanted['product']}/{wanted['release']}.json")
        if vouched is None or sha(vouched) != wanted["release"]:
            fail(f"nobody vouches for release {wanted['release']}")
        named = [p for p in json.loads(vouched)["packages"] if p["component"] == wanted["component"]]
        if [p["package"] for p in named] != [wanted["package"]]:
            fail("the release names another package")
        package = json.loads(object_of(folder, product["domain"], wanted["package"]))
        variant = next(v for v in package["variants"] if v.get("os", "linux") == "linux" and v.get("arch", "x64") == "x64")
        config = {**package.get("configDefaults", {}), **wanted.get("config", {}), **entry.get("config", {}).get(wanted["component"], {})}
        components[wanted["component"]] = {"version": package["version"], "config": config, "files": install(folder, product["domain"], variant["tree"])}
    return {"number": state["number"], "components": components}


# news.md
def news(folder, environment):
    checked = {}
    for name in sorted(os.listdir(os.path.join(folder, "news", environment))):
        with open(os.path.join(folder, "news", environment, name), "rb") as file:
            document = json.loads(unzstd(file.read()))
        if (document["format"], document["environment"], f"{document['from']}-{document['to']}") != ("xylem-news-file-1", environment, name):
            fail(f"news {name} is of something else")
        if f"r/{environment}/metadata/timestamp.json" in document["files"]:
            fail("news hold a timestamp of the direction repository")
        for path, text in document["files"].items():
            # A replaced file may have changed since.
            if not path.endswith("timestamp.json") and open(os.path.join(folder, path), "rb").read() != text.encode():
                fail(f"news {name} differs from {path}")
        if any(os.path.exists(os.path.join(folder, path)) for path in document["absent"]):
            fail(f"news {name} says that a file is absent, and it is there")
        checked[name] = len(document["files"])
    return checked


def token(text, request_file, answer_file):
    _, identifier, secret, _ = text.split(".")
    prk = hmac.new(b"\0" * 32, b64u(secret), "sha256").digest()
    key = hmac.new(prk, b"xylem-join-1\x01", "sha256").digest()
    request, answer = json.load(open(request_file)), json.load(open(answer_file))
    request_mac = hmac.new(key, b"request\0" + b64u(request["request"]), "sha256").digest()
    if request["token"] != identifier or request_mac != b64u(request["mac"]):
        fail("the request's MAC is wrong")
    if hmac.new(key, b"answer\0" + request_mac + b64u(answer["answer"]), "sha256").digest() != b64u(answer["mac"]):
        fail("the answer's MAC is wrong")
    return {"request": json.loads(b64u(request["request"])), "answer": json.loads(b64u(answer["answer"]))}


def report(envelope_file, key):
    return opened(json.load(open(envelope_file)), key)


def opened(envelope, key):
    kind, payload = envelope["payloadType"].encode(), base64.b64decode(envelope["payload"])
    message = b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)
    if not any(signed_by(bytes.fromhex(key), message, base64.b64decode(s["sig"])) for s in envelope["signatures"]):
        fail("nobody known signed this")
    return json.loads(payload)


def proofs(document_file, key):
    document = json.load(open(document_file))
    joint = opened(document["signed"], key)
    if joint["format"] != "xylem-joint-watermark-1":
        fail("this is no joint watermark")
    for proof in document["proofs"]:
        path = b64u(proof["path"])
        steps = [path[at:at + 32] for at in range(0, len(path), 32)]
        number = bytes.fromhex(proof["host"] + proof["incarnation"]) + struct.pack(">Q", proof["sequence"])
        leaf = hashlib.sha256(b"xylem-watermark-leaf-1\0" + number).digest()
        if digest_above(leaf, proof["index"], joint["count"], steps).hex() != joint["digest"]:
            fail(f"the proof of {proof['host']} leads elsewhere")
    return {"joint": joint, "sequences": {proof["host"]: proof["sequence"] for proof in document["proofs"]}}


def digest_above(leaf, index, count, steps):
    if count == 1:
        return leaf if index == 0 and not steps else fail("the path has other steps than its place asks for")
    if not steps:
        fail("the path is too short")
    left = 1 << ((count - 1).bit_length() - 1)
    if index < left:
        pair = digest_above(leaf, index, left, steps[:-1]) + steps[-1]
    else:
        pair = steps[-1] + digest_above(leaf, index - left, count - left, steps[:-1])
    return hashlib.sha256(b"xylem-watermark-node-1\0" + pair).digest()


def is_canonical(*names):
    for name in names:
        data = open(name, "rb").read()
        if canonical(json.loads(data)) != data:
            fail(f"{name} is not canonical")
    return names


if __name__ == "__main__":
    verbs = {"host": host, "news": news, "token": token, "report": report, "proofs": proofs, "canonical": is_canonical}
    if len(sys.argv) < 3 or sys.argv[1] not in verbs:
        raise SystemExit(__doc__)
    try:
        answer = verbs[sys.argv[1]](*sys.argv[2:])
    except (ArithmeticError, AttributeError, LookupError, OSError, TypeError, ValueError, subprocess.SubprocessError) as error:
        fail(f"malformed: {type(error).__name__}: {error}")
    print(json.dumps(answer, sort_keys=True))
