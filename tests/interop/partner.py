"""A node of the Python fleet, driven by the tests: the real package of whatever version is on the path.

usage: partner.py URI

Every line of stdin is a piece of Python, run with the names below. Every line of stdout is one of
    = JSON                 what the expression came to (null for a statement)
    ! TYPE: MESSAGE        what it raised
    * JSON                 something that happened meanwhile, see happened()
"""
import itertools
import json
import logging
import sys
import threading

import mongoelector
import pymongo

OLD = not hasattr(mongoelector, "MongoLeaderElector")
speaking = threading.Lock()
complaints = []  # what the package logged


def say(mark, what):
    with speaking:
        print(mark, what, flush=True)


def happened(what):
    say("*", json.dumps(what))


class Complaints(logging.Handler):
    def emit(self, record):
        complaints.append(self.format(record))


def locker(key, collection="mongolocker", **options):
    return mongoelector.MongoLocker(key, db, dbcollection=collection, **options)


def elector(key, ttl):
    """Says "leader" and "loss" as it is elected and ousted; not started."""
    names = ("onmaster", "onmasterloss") if OLD else ("on_leader", "on_leader_loss")
    callbacks = {name: lambda what=what: happened(what) for name, what in zip(names, ("leader", "loss"))}
    made = (mongoelector.MongoElector if OLD else mongoelector.MongoLeaderElector)(key, db, ttl=ttl, **callbacks)
    if OLD:
        made.elector_thread = threading.Thread()  # it asks whether that runs, started or not
    return made


def leads(candidate):
    return candidate.ismaster if OLD else candidate.is_leader


def named_leader(candidate):
    """The uuid that cluster_detail calls the leader's."""
    leader = candidate.cluster_detail["master" if OLD else "leader"]
    return leader and leader["uuid"]


def wins(lock):
    """Whether one attempt takes it; says so just before it is made."""
    happened("trying")
    try:
        return bool(lock.acquire(blocking=False))
    except mongoelector.LockExists:
        return False


class Loop:
    """Calls `work` again and again on a thread of its own."""

    def __init__(self, work):
        self.rounds, self.failure, self.over = 0, None, False
        self.thread = threading.Thread(target=self.run, args=(work,), daemon=True)
        self.thread.start()

    def run(self, work):
        for self.rounds in itertools.count():
            if self.over:
                return
            try:
                work()
            except Exception as error:
                self.failure = repr(error)
                return

    def end(self):
        self.over = True
        self.thread.join()
        return self.failure


if OLD:  # written for Pythons that called it so
    threading.Thread.isAlive = threading.Thread.is_alive
logging.getLogger().addHandler(Complaints(logging.WARNING))
db = pymongo.MongoClient(sys.argv[1]).get_database()
names = globals()
for line in sys.stdin:
    try:
        try:
            result = eval(compile(line.strip(), "test", "eval"), names)
        except SyntaxError:
            result = exec(line, names)
        say("=", json.dumps(result, default=str))
    except Exception as error:
        say("!", f"{type(error).__name__}: {error}".replace("\n", " "))
