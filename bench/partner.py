"""The Python package as the other process, in the roles that bench/process.h describes.

usage: partner.py locker URI | candidate URI KEY TTL_S
"""
import sys
import threading
import time

import pymongo
from mongoelector import MongoLeaderElector, MongoLocker


def answer(number):
    print(number, flush=True)


def run_locker(database):
    lock = MongoLocker("bench", database)
    for line in sys.stdin:
        if line == "pair\n":
            begin = time.monotonic_ns()
            lock.acquire()
            lock.release()
            answer(time.monotonic_ns() - begin)
        elif line == "acquire\n":
            answer(0)
            lock.acquire()
            answer(time.monotonic_ns())
        else:
            answer(time.monotonic_ns())
            lock.release()
            answer(0)


def run_candidate(database, key, ttl):
    looked = threading.Event()
    led = threading.Event()
    led_at = []

    def on_leader():
        led_at.append(time.monotonic_ns())
        led.set()

    elector = MongoLeaderElector(key, database, ttl=ttl, on_leader=on_leader, on_loop=looked.set)
    elector.start()
    looked.wait()
    answer(0)
    led.wait()
    answer(led_at[0])
    for _ in sys.stdin:
        pass
    answer(time.monotonic_ns())
    elector.stop()


def main():
    role, uri = sys.argv[1:3]
    database = pymongo.MongoClient(uri, w="majority").get_default_database()
    if role == "locker":
        run_locker(database)
    elif role == "candidate":
        run_candidate(database, sys.argv[3], int(sys.argv[4]))
    else:
        sys.exit(f"partner: no role {role}")


main()
