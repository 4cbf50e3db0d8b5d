#!/usr/bin/env python3
"""Holds countersign against other implementations of JOSE: each makes tokens, each reads the others', and their
tampered twins. Both crypto stacks of countersign take part, so they are held against each other too.

    python3 interop/run.py                   # installs the peers into a temporary folder
    python3 interop/run.py --tools FOLDER    # keeps what is installed there, for the next run
    python3 interop/run.py --only 'ECDH-ES'  # only cases whose name has that in it
    python3 interop/run.py --summary FILE    # writes the counts as JSON
    python3 interop/run.py --check-readme    # fails if README.md says another number of checks, or other versions

Needs Python 3.11, node 20 with npm, and a Rust toolchain. It ends with 1 if there was a failure that `limitations.py`
doesn't list, or if something listed there holds no more.
"""

import argparse
import json
import signal
import sys
import tempfile
import time
from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import pairwise, product
from pathlib import Path

sys.dont_write_bytecode = True  # the tree stays clean

import cases
import drivers
import limitations
from cases import COUNTERSIGN, SIGNERS, ClaimsCase, unb64u
from twins import expected_codes, merge, second_signatures, twins_of

# Several times what the longest phase takes on two busy cores; who is slower hangs.
PHASE_SECONDS = 600
SHOWN_FAILURES = 20


@dataclass
class Tally:
    """What was found."""

    counts: Counter = field(default_factory=Counter)
    limited: Counter = field(default_factory=Counter)
    refusals: Counter = field(default_factory=Counter)
    failures: list = field(default_factory=list)

    def count(self, made_by, read_by, operation, what):
        self.counts[made_by, read_by, operation, what] += 1

    def limit(self, row):
        self.limited[row] += 1

    def fail(self, text, request, answer):
        self.failures.append((text, request, answer))


def ask_all(running, questions):
    """Asks every driver its questions at the same time."""
    with ThreadPoolExecutor(len(running)) as pool:
        asked = {name: pool.submit(driver.ask, questions.get(name, []), PHASE_SECONDS)
                 for name, driver in running.items()}
        return {name: future.result() for name, future in asked.items()}


# ---- tokens


def make_tokens(running, keys, tried, tally):
    """Every case, made by everyone who can: a list of (case, maker, token)."""
    requests = [case.make_request(keys) for case in tried]
    answers = ask_all(running, {name: requests for name in running})
    made = []
    for maker, given in answers.items():
        for case, request, answer in zip(tried, requests, given, strict=True):
            row = limitations.find(maker, "can't make", case)
            if answer["ok"] and row:
                tally.fail(f"{maker} makes {case} now: it is listed as a limitation ({row.reason})", request, answer)
            elif answer["ok"]:
                made.append((case, maker, answer["token"]))
                tally.count(maker, "", request["op"], "made")
            elif row:
                tally.limit(row)
            else:
                tally.fail(f"{maker} doesn't make {case}", request, answer)
    return made


def merge_signatures(made):
    """Tokens with two signatures, each by another maker under the same key."""
    makers = defaultdict(list)
    for case, maker, token in made:
        if case.operation == "jws" and case.serialization == "general" and not (case.detached or case.unencoded):
            makers[case].append((maker, token))
    for case, tokens in makers.items():
        for (one, first), (another, second) in pairwise(tokens):
            yield case, [one, another], merge(first, second)


def read_tokens(running, keys, made, tally):
    """Every token and its twins, read by everyone but its maker."""
    questions, meaning = defaultdict(list), defaultdict(list)

    def ask(case, makers, token, twins):
        for reader in running:
            # Not those who made it, and not what the peers do among themselves.
            if reader in makers or not {reader, *makers} & {*COUNTERSIGN}:
                continue
            # Who can't read the token has no reason of its own to refuse a twin.
            asked = [] if limitations.find(reader, "can't read", case) else twins
            for changed, members in [(None, {"token": token}), *asked]:
                questions[reader].append(case.read_request(keys, **members))
                meaning[reader].append((case, "+".join(makers), token, changed))

    for case, maker, token in made:
        for recipient in case.readers():
            ask(recipient, [maker], token, list(twins_of(recipient, token)))
    for case, makers, token in merge_signatures(made):
        ask(case, makers, token, list(second_signatures(case, token)))
    for reader, answers in ask_all(running, questions).items():
        for asked, request, answer in zip(meaning[reader], questions[reader], answers, strict=True):
            judge(reader, *asked, request, answer, tally)


def refuses(reader, changed, expected, answer):
    """If that is the refusal which is due: of countersign one of the codes, of a peer an error that its library has."""
    if reader in COUNTERSIGN:
        return answer["code"] in expected
    return limitations.is_refusal(reader, changed, answer["code"])


def judge(reader, case, maker, token, changed, request, answer, tally):
    operation = request["op"]
    if changed is None:
        row = limitations.find(reader, "can't read", case)
        right = answer["ok"] and unb64u(answer["payload_b64u"]) == case.payload
        if right and row:
            tally.fail(f"{reader} reads {maker}'s {case} now: it is listed as a limitation ({row.reason})", request,
                       answer)
        elif right:
            tally.count(maker, reader, operation, "read")
        elif row:
            tally.limit(row)
        else:
            tally.fail(f"{reader} doesn't read {maker}'s {case}", request, answer)
        return
    row = limitations.find(reader, "accepts", case, changed)
    if answer["ok"] and row:
        tally.limit(row)
    elif answer["ok"]:
        tally.fail(f"{reader} accepts {maker}'s {case} with another {changed}", request, answer)
    elif row:
        tally.fail(f"{reader} refuses {maker}'s {case} with another {changed} now: it is listed ({row.reason})",
                   request, answer)
    else:
        expected = expected_codes(case, token, changed)
        tally.refusals["countersign" if reader in COUNTERSIGN else reader, operation, changed, answer["code"]] += 1
        if refuses(reader, changed, expected, answer):
            tally.count(maker, reader, operation, "twins refused")
        else:
            due = f"one of {sorted(expected)}" if reader in COUNTERSIGN else "an error of its library"
            tally.fail(f"{reader} refuses {maker}'s {case} with another {changed}, but not with {due}", request, answer)


# ---- keys


def compare_lists(infos, tried, tally):
    """What is tried is all that a build can do, and what a peer says it can."""
    for name, info in infos.items():
        able = [case for case in tried if not limitations.find(name, "can't make", case)]
        for member, found in (("jws", {case.alg for case in able if case.operation == "jws"}),
                              ("jwe_alg", {case.alg for case in able if case.operation == "jwe"}),
                              ("jwe_enc", {case.enc for case in able if case.operation == "jwe"})):
            if found == set(info[member]):
                tally.count(name, "", "info", "lists")
            else:
                tally.fail(f"{name}'s {member} aren't the cases' {sorted(found)}", {"op": "info"}, info)


def compare_key_checks(running, keys, tried, tally):
    """Both stacks judge every key alike, and everyone can use the keys that the cases use."""
    one, another = COUNTERSIGN
    algorithms = dict.fromkeys(name for case in tried for name in (case.alg, case.enc) if name not in ("", "dir"))
    asked = list(cases.key_checks(keys, algorithms))
    answers = ask_all(running, {name: [request for _, request in asked] for name in COUNTERSIGN})
    for (what, request), first, second in zip(asked, answers[one], answers[another], strict=True):
        if first == second and first.get("code") != "request":
            tally.count(one, another, request["op"], "equal")
        else:
            tally.fail(f"{one} and {another} judge a key apart: {what}: {first}", request, second)
    asked = list(cases.usable_keys(keys, tried))
    for name, given in ask_all(running, {name: [request for _, request in asked] for name in running}).items():
        for (case, request), answer in zip(asked, given, strict=True):
            row = limitations.find(name, "can't read", case)
            if answer["ok"]:
                tally.count(name, "", request["op"], "usable")
            elif row:
                tally.limit(row)
            else:
                tally.fail(f"{name} has no use for the key of {case}", request, answer)


# ---- thumbprints


def compare_thumbprints(running, keys, tally):
    asked = list(cases.thumbprint_requests(keys))
    answers = ask_all(running, {name: [request for _, request in asked] for name in running})
    for place, (what, request) in enumerate(asked):
        expected = answers[COUNTERSIGN[0]][place].get("thumbprint")
        for name in running:
            answer = answers[name][place]
            if expected and answer.get("thumbprint") == expected:
                tally.count(COUNTERSIGN[0], name, request["op"], "equal")
            else:
                tally.fail(f"{name}'s thumbprint of {what} isn't {expected}", request, answer)


# ---- JWT


def verify_claims(running, keys, tally):
    """Claims that everyone signs, bare and nested, and everyone judges."""
    tried = [(case, *SIGNERS[place % len(SIGNERS)]) for place, case in enumerate(cases.claims_cases())]
    signed = ask_all(running, {name: [case.sign_request(keys, *signer) for case, *signer in tried] for name in running})
    tokens = {maker: [answer["token"] for answer in answers] for maker, answers in signed.items()}
    wrapped = ask_all(running, {maker: [ClaimsCase.encrypt_request(keys, token) for token in made]
                                for maker, made in tokens.items()})
    questions, meaning = defaultdict(list), defaultdict(list)
    for maker, reader in product(running, running):
        if maker == reader or not {maker, reader} & {*COUNTERSIGN}:
            continue
        for (case, *signer), bare, outer in zip(tried, tokens[maker], wrapped[maker], strict=True):
            for form, refusal, request in case.verify_requests(keys, *signer, bare, outer["token"]):
                questions[reader].append(request)
                meaning[reader].append((maker, case, form, refusal))
    for reader, answers in ask_all(running, questions).items():
        for asked, request, answer in zip(meaning[reader], questions[reader], answers, strict=True):
            judge_claims(reader, *asked, request, answer, tally)


def judge_claims(reader, maker, case, form, refusal, request, answer, tally):
    row = limitations.find(reader, "misjudges", case, form)
    what = f"{reader} on {maker}'s token, {case.name}, {form}"
    if refusal:
        changed = case.name if case.refusal else form
        right = not answer["ok"] and refuses(reader, changed, {refusal}, answer)
    else:
        right = answer["ok"] and answer["claims"] == case.claims
    if right and row:
        tally.fail(f"{what}: right now, and it is listed as a limitation ({row.reason})", request, answer)
    elif right:
        tally.count(maker, reader, "jwt_verify", "refused" if refusal else "read")
    elif row:
        tally.limit(row)
    else:
        tally.fail(f"{what}: expected {refusal or 'the claims'}", request, answer)


# ---- report


def report(tally, seconds, whole):
    """Prints what was found and returns it as one value for JSON."""
    rows = Counter()
    for (maker, reader, operation, what), count in sorted(tally.counts.items()):
        rows[f"{maker} → {reader}" if reader else maker, operation, what] += count
    print(f"\n{'who':28} {'operation':16} {'what':16} {'count':>8}")
    for (who, operation, what), count in rows.items():
        print(f"{who:28} {operation:16} {what:16} {count:8}")
    stale = [row for row in limitations.TABLE if whole and row not in tally.limited]
    print(f"\n{'peer':10} {'':12} {'count':>8}  reason")
    for row in limitations.TABLE:
        print(f"{row.peer:10} {row.does:12} {tally.limited[row]:8}  {row.reason}")
    for text, request, answer in tally.failures[:SHOWN_FAILURES]:
        print(f"\nFAILED: {text}\n  request {json.dumps(request)}\n  answer  {json.dumps(answer)}")
    total = sum(tally.counts.values())
    print(f"\n{total} as expected, {tally.limited.total()} limitations of peers, {len(tally.failures)} failures, "
          f"{seconds:.0f} s")
    return {
        "counts": [{"who": who, "operation": operation, "what": what, "count": count}
                   for (who, operation, what), count in rows.items()],
        "limitations": [{"peer": row.peer, "does": row.does, "reason": row.reason, "count": tally.limited[row]}
                        for row in limitations.TABLE],
        "refusals": [{"reader": reader, "operation": operation, "changed": changed, "code": code, "count": count}
                     for (reader, operation, changed, code), count in sorted(tally.refusals.items())],
        "stale_limitations": [f"{row.peer} {row.does}: {row.reason}" for row in stale],
        "as_expected": total,
        "failures": len(tally.failures),
    }


def unsaid(summary, infos):
    """What README.md is to say of a whole run, and doesn't."""
    readme = " ".join((drivers.ROOT / "README.md").read_text().split())
    panva, jwcrypto = (".".join(infos[name]["version"].split(".")[:2]) for name in ("panva", "jwcrypto"))
    said = (f"panva's `jose` {panva} and `jwcrypto` {jwcrypto}", f"{summary['as_expected']:,} checks")
    return [phrase for phrase in said if phrase not in readme]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tools", type=Path, help="where to install the peers, and leave them")
    parser.add_argument("--only", default="", help="only cases whose name has this in it")
    parser.add_argument("--summary", type=Path, help="a file for the counts as JSON")
    parser.add_argument("--check-readme", action="store_true", help="compare what README.md says of the run")
    options = parser.parse_args()
    if options.only and options.check_readme:
        parser.error("README.md is about all the cases")
    running = {}
    tally = Tally()

    def stopped(*_):
        # Without its child, whoever waits for an answer ends too.
        for driver in running.values():
            driver.process.kill()
        sys.exit(143)

    signal.signal(signal.SIGTERM, stopped)
    with tempfile.TemporaryDirectory(prefix="countersign-interop-") as temporary:
        tools = options.tools or Path(temporary)
        tools.mkdir(parents=True, exist_ok=True)
        try:
            for driver in drivers.start_all(tools.resolve()):
                running[driver.name] = driver
            start = time.monotonic()
            infos = {name: answer for name, [answer] in
                     ask_all(running, {name: [{"op": "info"}] for name in running}).items()}
            for name, info in infos.items():
                print(f"{name}: {info['name']} {info['version']} on {', '.join(info['backends'])}", flush=True)
            keys = drivers.generate_keys(tools.resolve())
            every = [list(cases.signature_cases()), list(cases.encryption_cases())]
            for tried in every:
                tried = [case for case in tried if options.only in str(case)]
                read_tokens(running, keys, make_tokens(running, keys, tried, tally), tally)
                print(f"{len(tried)} cases, {time.monotonic() - start:.0f} s", flush=True)
            if not options.only:
                compare_lists(infos, sum(every, []), tally)
                compare_key_checks(running, keys, sum(every, []), tally)
                compare_thumbprints(running, keys, tally)
                verify_claims(running, keys, tally)
        finally:
            for driver in running.values():
                driver.stop()
    summary = report(tally, time.monotonic() - start, whole=not options.only)
    if options.summary:
        options.summary.write_text(json.dumps(summary, indent=2) + "\n")
    print(json.dumps({name: summary[name] for name in ("as_expected", "failures", "stale_limitations")}))
    for row in summary["stale_limitations"]:
        print(f"FAILED: no case meets the limitation any more: {row}")
    missing = unsaid(summary, infos) if options.check_readme else []
    for phrase in missing:
        print(f"FAILED: expected in README.md: {phrase}")
    return 1 if tally.failures or summary["stale_limitations"] or missing else 0


if __name__ == "__main__":
    sys.exit(main())
