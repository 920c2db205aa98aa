/* The lease protocol of docs/protocol.md for one key, as a model for spin.
 *
 * Clients follow the table of src/core/lease_machine.h; the store is a set of members with clocks of their own, of
 * which one is primary, and a record that is committed or may still be rolled back. Time passes in ticks. It is kept
 * as what remains (of a deadline, of an expiry), so a run has no horizon: what bounds it is the number of faults.
 * Nothing but the faults is bounded that the README does not list.
 *
 * Bounds and switches, all set by -D: see README.md. Planted bugs are the names that begin with MUTANT_.
 */

#ifndef CLIENTS
#define CLIENTS 2
#endif
#ifndef TTL
#define TTL 2    /* ticks; the margin is 0, which is the sharpest case while all clocks run at one rate */
#endif
#ifndef FAULTS
#define FAULTS 1 /* timeouts, requests not sent, refusals by a stale primary, duplicates, crashes, together */
#endif
#ifndef FAILOVERS
#define FAILOVERS 1
#endif
#ifndef AHEAD
#define AHEAD 1  /* ticks by which the clock of member 1 is ahead of that of member 0 */
#endif

#ifndef FIRST
#define FIRST 0  /* the member that is primary at the start */
#endif

#define IDLE 0
#define CLAIMING 1
#define ABANDONING 2
#define UNSURE 3
#define HELD 4
#define ENDING 5
#define ENDED 6
#define UNDOING 7

#define NONE 0
#define CLAIM 1
#define RENEW 2
#define RELEASE 3

#define SENT 1     /* on its way to the store */
#define WAITING 2  /* executed, not yet confirmed by a majority */
#define ANSWERED 3 /* the reply is on its way back */
#define LOST 4     /* nothing will come back */

typedef Client {
  unsigned state : 3;
  unsigned turn : 1;      /* which of its two lease ids is the latest */
  unsigned maybe : 1;     /* an earlier claim's answer was ambiguous */
  unsigned deadline : 2;  /* these four: ticks that remain, 0 when the time has come */
  unsigned forgotten : 3;
  unsigned renew : 1;
  unsigned retry : 1;
  unsigned over : 1;      /* ghosts, about the latest lease: it has stopped being valid */
  unsigned redone : 1;    /* a late duplicate of its claim was executed */
  unsigned seen : 1;      /* the committed record is the one that it has seen, ... */
  unsigned stands : 3     /* ... and in so many ticks that will have stood still for its ttl */
};
typedef Request {
  unsigned verb : 2;
  unsigned phase : 3;
  unsigned turn : 1;
  unsigned marked : 1;    /* a claim that says which record has stood still */
  unsigned yes : 1;       /* granted, renewed; no: refused, gone */
  unsigned age : 2;       /* ticks since it was sent, TTL at most */
  unsigned after : 3;     /* ghosts: clients whose claims were granted after this one, ... */
  unsigned passed : 1     /* ... and one of them has won */
};
typedef Late {            /* a request that nobody waits for any more and that may yet be executed */
  unsigned verb : 2;
  unsigned turn : 1;
  unsigned marked : 1
};
typedef Record {
  unsigned lease : 4;     /* 0: no record */
  unsigned judge : 1;
  unsigned expiry : 3     /* by a clock that agrees with member 0; 0: expired by every clock */
};

Client client[CLIENTS];
Request request[CLIENTS];
Late late[CLIENTS];
Record now_at_primary, committed;
bit primary = FIRST;
byte faults = FAULTS;
byte failovers = FAILOVERS;
bit overdue;       /* within one step: the fault is that a reply takes too long */

#define LEASE(c, turn_) (2 * (c) + 1 + (turn_))
#define CLOCK(member) ((member) * AHEAD)
#define VALID(c) (client[c].state == HELD && client[c].deadline > 0)
#define FREE_SLOT(c) (request[c].phase == NONE)
#define RENEWABLE(c) (client[c].state == HELD || client[c].state == ENDING)
#define GRANTED_PENDING(c) (request[c].verb == CLAIM && request[c].yes && \
                            (request[c].phase == WAITING || request[c].phase == ANSWERED))

/* What a trace says of each step of a client: the same words as the core's, see trace_replay_test.cc. */
#ifdef TRACE
int ticks, leases, tokens, request_sent;
int lease_number[CLIENTS], sent_at[CLIENTS], granted_token[CLIENTS];
#define SAY(c, event) \
  printf(event); \
  printf(" tick %d client %d lease %d sent %d token %d state %d valid %d sends %d due %d\n", ticks, c, lease_number[c], \
         request_sent, granted_token[c], client[c].state, VALID(c), sends, RENEWABLE(c) && client[c].renew == 0);
#define TRACE_ONLY(statement) statement
#else
#define SAY(c, event)
#define TRACE_ONLY(statement)
#endif

/* Random runs have long stretches in which all goes well, or nobody would ever hold a lease. */
#ifdef TRACE
byte mood;
#define MISHAP (faults > 0 && mood == 0)
#define WILLING (mood == 1) /* to give up by itself */
#else
#define MISHAP (faults > 0)
#ifdef LIVENESS
#define WILLING (faults + failovers > 0)
#else
#define WILLING true
#endif
#endif

#ifdef TRACE
#define FAILOVER_DUE (failovers > 0 && mood == 2)
#else
#define FAILOVER_DUE (failovers > 0)
#endif

/* ---- requests ---- */

inline clear_request(c) {
  request[c].verb = NONE; request[c].phase = NONE; request[c].turn = 0; request[c].marked = 0;
  request[c].yes = 0; request[c].age = 0; request[c].after = 0; request[c].passed = 0
}

/* Nobody waits for it any more; while there are faults, a request under way may still arrive, one at a time. */
inline give_up_waiting(c) {
  if
  :: request[c].phase == SENT && late[c].verb == NONE && faults + overdue > 0 ->
     late[c].verb = request[c].verb; late[c].turn = request[c].turn; late[c].marked = request[c].marked
  :: else
  fi;
  clear_request(c)
}

inline send(c, what, mark) {
  give_up_waiting(c);
  request[c].verb = what; request[c].phase = SENT; request[c].turn = client[c].turn; request[c].marked = mark;
  TRACE_ONLY(sends = what; sent_at[c] = ticks)
}

/* ---- clients ---- */

inline forget_seen(c) {
  client[c].seen = 0; client[c].stands = 0; request[c].marked = 0; late[c].marked = 0
}

/* Also drops what no longer means anything, so that equal situations are equal states. */
inline go_idle(c) {
  client[c].state = IDLE; client[c].maybe = 0; client[c].deadline = 0; client[c].forgotten = 0;
  client[c].renew = 0; client[c].retry = 0; client[c].over = 1;
  client[c].redone = 0;
  give_up_waiting(c);
  client[c].turn = 0
}

inline undo(c) {
  client[c].state = UNDOING; client[c].maybe = 0; client[c].deadline = 0; client[c].renew = 0;
  client[c].retry = 0; client[c].over = 1; client[c].forgotten = TTL + 1;
  send(c, RELEASE, 0)
}

inline end_by_deadline(c) {
  client[c].state = ENDED; client[c].renew = 0; client[c].over = 1; client[c].forgotten = TTL + 1
}

/* The promises, at the only steps that can make a lease valid. */
inline check_valid(c) {
  d = 0;
  do
  :: d < CLIENTS -> assert(d == c || !VALID(d)); d++   /* exclusion */
  :: else -> break
  od;
  d = 0;
  assert(!client[c].over)                              /* a term that has ended never resumes */
}

inline win(c) {
  client[c].state = HELD; client[c].maybe = 0; client[c].forgotten = 0;
#ifdef MUTANT_DEADLINE_FROM_REPLY
  client[c].deadline = TTL;
#else
  client[c].deadline = TTL - request[c].age;
#endif
  client[c].renew = (request[c].age == 0 -> 1 : 0);
  forget_seen(c);
  assert(!request[c].passed);                          /* tokens grow in the order of the terms */
  d = 0;
  do
  :: d < CLIENTS ->
     if
     :: d != c && GRANTED_PENDING(d) && (request[d].after & (1 << c)) -> request[d].passed = 1
     :: else
     fi;
     d++
  :: else -> break
  od;
  d = 0;
  clear_request(c);
  check_valid(c)
}

inline claim_answered(c) {
  if
  :: client[c].state == CLAIMING && request[c].yes ->
#ifndef MUTANT_DEADLINE_FROM_REPLY
     if
     :: request[c].age >= TTL -> clear_request(c); undo(c)
     :: else -> win(c)
     fi
#else
     win(c)
#endif
  :: client[c].state == CLAIMING && !request[c].yes -> clear_request(c); go_idle(c)
  :: client[c].state == ABANDONING && request[c].yes -> clear_request(c); undo(c)
  :: client[c].state == ABANDONING && !request[c].yes -> clear_request(c); go_idle(c)
  :: else -> assert(false)                             /* an answer that nobody waits for */
  fi
}

inline extend(c) {
#ifdef MUTANT_DEADLINE_FROM_REPLY
  client[c].deadline = TTL;
#else
  if
  :: TTL - request[c].age > client[c].deadline -> client[c].deadline = TTL - request[c].age
  :: else
  fi;
#endif
  if
  :: request[c].age == 0 -> client[c].renew = 1
  :: else
  fi
}

inline renewal_answered(c) {
  if
  :: !request[c].yes && (RENEWABLE(c) || client[c].state == ENDED) -> clear_request(c); go_idle(c)
#ifdef MUTANT_TERM_RESUMPTION
  :: request[c].yes && (RENEWABLE(c) || client[c].state == ENDED) ->
     if
     :: client[c].state == ENDED -> client[c].state = HELD; client[c].forgotten = 0
     :: else
     fi;
     extend(c); clear_request(c);
     if
     :: VALID(c) -> check_valid(c)
     :: else
     fi
#else
  :: request[c].yes && RENEWABLE(c) ->
     if
     :: client[c].deadline == 0 -> end_by_deadline(c)
     :: else -> extend(c)
     fi;
     clear_request(c);
     if
     :: VALID(c) -> check_valid(c)
     :: else
     fi
#endif
  :: else -> clear_request(c)                          /* too late to mean anything */
  fi
}

inline release_answered(c) {
  assert(client[c].state == UNDOING);
  /* Released means released: no rollback can bring it back. A late duplicate of its claim can, for one ttl; nobody
   * relies on that lease. */
  assert(client[c].redone || (now_at_primary.lease != LEASE(c, client[c].turn) &&
                              committed.lease != LEASE(c, client[c].turn)));
  clear_request(c);
  go_idle(c)
}

/* No definite answer will come. */
inline unanswered(c) {
  if
  :: request[c].verb == CLAIM && client[c].state == CLAIMING ->
     client[c].state = UNSURE; client[c].forgotten = TTL + 1;
     if
     :: !client[c].maybe -> client[c].maybe = 1; client[c].deadline = TTL
     :: else
     fi;
     give_up_waiting(c)
  :: request[c].verb == CLAIM && client[c].state == ABANDONING -> undo(c)
  :: request[c].verb == RENEW && RENEWABLE(c) ->
     if
     :: client[c].deadline == 0 -> end_by_deadline(c)
     :: else -> client[c].renew = 1
     fi;
     give_up_waiting(c)
  :: request[c].verb == RELEASE && client[c].state == UNDOING ->
     if
     :: client[c].forgotten == 0 -> go_idle(c)
     :: else -> client[c].retry = 1; give_up_waiting(c)
     fi
  :: else -> give_up_waiting(c)
  fi
}

/* This request was certainly not executed, which says nothing about an earlier one. */
inline unsent(c) {
  if
  :: request[c].verb == CLAIM && client[c].state == CLAIMING ->
     clear_request(c);
     if
     :: client[c].maybe -> client[c].state = UNSURE
     :: else -> go_idle(c)
     fi
  :: request[c].verb == CLAIM && client[c].state == ABANDONING ->
     clear_request(c);
     if
     :: client[c].maybe -> undo(c)
     :: else -> go_idle(c)
     fi
  :: else -> request[c].phase = LOST; unanswered(c)
  fi
}

inline crash(c) {
  go_idle(c); forget_seen(c)
}

#define STOOD_STILL(c) (client[c].seen && client[c].stands == 0)
#ifdef MUTANT_NEVER_EXPIRES
#define EXPIRED(record) false
#define SWEPT(record) false
#else
#define EXPIRED(record) (record.expiry <= CLOCK(primary))
#define SWEPT(record) (record.lease != 0 && record.expiry == 0) /* the monitor's grace is longer than clocks differ */
#endif
/* A follower reads before it writes. */
#define LOOKS_FREE(c) (committed.lease == 0 || (EXPIRED(committed) && \
                       (committed.judge == primary || STOOD_STILL(c))))
/* Without another failover no clock but the primary's will judge what it wrote. */
#define LOOK_MATTERS (failovers > 0 || committed.judge != primary)
/* Ids are used again once nothing at the store or on its way can tell. */
#define FRESH(c, turn_) (now_at_primary.lease != LEASE(c, turn_) && committed.lease != LEASE(c, turn_) && \
                         !(late[c].verb != NONE && late[c].turn == turn_))
#ifdef TRACE
#define MAY_TRY(c) true
#else
#define MAY_TRY(c) LOOKS_FREE(c)
#endif
#define DUE(c) ((client[c].state == UNSURE || client[c].state == ENDED) && client[c].forgotten == 0 || \
                RENEWABLE(c) && client[c].deadline == 0 || \
                client[c].state == UNDOING && (client[c].forgotten == 0 || FREE_SLOT(c) && client[c].retry == 0))

proctype Application(byte c) {
  byte d;
  TRACE_ONLY(byte sends);
  do
  :: d_step { client[c].state == IDLE && MAY_TRY(c) && (FRESH(c, 0) || FRESH(c, 1)) ->
       client[c].turn = (FRESH(c, 0) -> 0 : 1); client[c].over = 0;
       client[c].state = CLAIMING;
       TRACE_ONLY(leases++; lease_number[c] = leases);
       send(c, CLAIM, STOOD_STILL(c)); SAY(c, "claim") TRACE_ONLY(sends = 0) }
  :: d_step { client[c].state == IDLE && committed.lease != 0 && !client[c].seen && LOOK_MATTERS ->
       client[c].seen = 1; client[c].stands = TTL + 1 }
  :: d_step { client[c].state == UNSURE ->
       if
       :: client[c].deadline > 0 -> client[c].state = CLAIMING; send(c, CLAIM, 0)
       :: else -> undo(c)
       fi;
       SAY(c, "claim") TRACE_ONLY(sends = 0) }
  :: d_step { WILLING && client[c].state == CLAIMING -> client[c].state = ABANDONING; request[c].age = 0; SAY(c, "release") }
  :: d_step { (WILLING && (client[c].state == UNSURE || RENEWABLE(c))) || client[c].state == ENDED ->
       undo(c); SAY(c, "release") TRACE_ONLY(sends = 0) }
#ifdef WITH_ENDING
  :: d_step { WILLING && client[c].state == HELD -> client[c].state = ENDING; client[c].over = 1; SAY(c, "end") }
#endif
  :: d_step { DUE(c) ->
       if
       :: RENEWABLE(c) -> end_by_deadline(c)
       :: !RENEWABLE(c) && client[c].forgotten == 0 -> go_idle(c)
       :: else -> send(c, RELEASE, 0)
       fi;
       SAY(c, "tick") TRACE_ONLY(sends = 0) }
  :: d_step { RENEWABLE(c) && client[c].renew == 0 && FREE_SLOT(c) -> send(c, RENEW, 0); SAY(c, "renew")
       TRACE_ONLY(sends = 0) }
  od
}

/* ---- the store ---- */

#if CLIENTS == 3
#define WAITING_ANY (request[0].phase == WAITING || request[1].phase == WAITING || request[2].phase == WAITING)
#else
#define WAITING_ANY (request[0].phase == WAITING || request[1].phase == WAITING)
#endif
/* As far as a challenger can tell, who names a record by its lease and expiry, and by the member that wrote it. */
#ifdef MARK_WITHOUT_JUDGE
#define SAME_RECORD(a, b) (a.lease == b.lease && a.expiry == b.expiry)
#else
#define SAME_RECORD(a, b) (a.lease == b.lease && a.expiry == b.expiry && a.judge == b.judge)
#endif
#define UNCOMMITTED (now_at_primary.lease != committed.lease || now_at_primary.judge != committed.judge || \
                     now_at_primary.expiry != committed.expiry)

inline waiting_become(what) {
  d = 0;
  do
  :: d < CLIENTS ->
     if
     :: request[d].phase == WAITING && what == LOST ->
        request[d].phase = LOST; request[d].yes = 0; request[d].after = 0; request[d].passed = 0
     :: request[d].phase == WAITING && what == ANSWERED -> request[d].phase = ANSWERED
     :: else
     fi;
     d++
  :: else -> break
  od;
  d = 0
}

inline copy_record(to, from) {
  to.lease = from.lease; to.judge = from.judge; to.expiry = from.expiry
}

/* A majority has what the primary has. */
inline commit() {
  if
  :: !SAME_RECORD(now_at_primary, committed) ->
     do
     :: d < CLIENTS -> forget_seen(d); d++
     :: else -> break
     od
  :: else
  fi;
  copy_record(committed, now_at_primary);
  waiting_become(ANSWERED);
  d = 0
}

/* Without another failover nothing is rolled back, and waiting for a majority is no more than a slow reply. */
inline commit_if_final() {
  if
  :: failovers == 0 -> commit()
  :: else
  fi
}

/* ---- the network, as seen from one client ---- */

#ifdef MUTANT_ANY_CLOCK
#define MAY_JUDGE(c, marked_) true
#else
#define MAY_JUDGE(c, marked_) (now_at_primary.judge == primary || (marked_ && SAME_RECORD(now_at_primary, committed)))
#endif

/* One conditional write at the primary, by its clock. */
inline execute(c, what, turn_, marked_, yes_) {
  yes_ = 0;
  if
  :: what == CLAIM ->
     if
     :: now_at_primary.lease == 0 || now_at_primary.lease == LEASE(c, turn_) ||
        (EXPIRED(now_at_primary) && MAY_JUDGE(c, marked_)) -> yes_ = 1; now_at_primary.lease = LEASE(c, turn_)
     :: else
     fi
  :: what == RENEW ->
#ifdef MUTANT_RENEWAL_CREATES
     yes_ = 1; now_at_primary.lease = LEASE(c, turn_)
#else
     yes_ = (now_at_primary.lease == LEASE(c, turn_) && !EXPIRED(now_at_primary))
#endif
  :: else ->
     if
#ifdef MUTANT_RELEASE_WITHOUT_LEASE
     :: now_at_primary.lease != 0 -> clear_record()
#else
     :: now_at_primary.lease == LEASE(c, turn_) -> clear_record()
#endif
     :: else
     fi
  fi;
  if
  :: yes_ -> now_at_primary.judge = primary; now_at_primary.expiry = TTL + CLOCK(primary)
  :: else
  fi
}

inline clear_record() {
  now_at_primary.lease = 0; now_at_primary.judge = 0; now_at_primary.expiry = 0
}

proctype Network(byte c) {
  byte d;
  bit yes;
  TRACE_ONLY(byte sends);
  do
  :: d_step { request[c].phase == SENT ->
       execute(c, request[c].verb, request[c].turn, request[c].marked, yes);
       request[c].yes = yes;
       if
       :: request[c].verb == CLAIM && yes ->
          TRACE_ONLY(tokens++; granted_token[c] = tokens);
          d = 0;
          do
          :: d < CLIENTS ->
             if
             :: d != c && GRANTED_PENDING(d) -> request[d].after = request[d].after | (1 << c)
             :: else
             fi;
             d++
          :: else -> break
          od;
          d = 0
       :: else
       fi;
       yes = 0; request[c].marked = 0;
#ifdef MUTANT_PRIMARY_ONLY
       request[c].phase = ANSWERED
#else
       request[c].phase = WAITING;
       commit_if_final()
#endif
     }
  :: d_step { request[c].phase == ANSWERED ->
       TRACE_ONLY(request_sent = sent_at[c]);
       if
       :: request[c].verb == CLAIM && request[c].yes -> claim_answered(c); SAY(c, "granted")
       :: request[c].verb == CLAIM && !request[c].yes -> claim_answered(c); SAY(c, "refused")
       :: request[c].verb == RENEW && request[c].yes -> renewal_answered(c); SAY(c, "renewed")
       :: request[c].verb == RENEW && !request[c].yes -> renewal_answered(c); SAY(c, "gone")
       :: else -> release_answered(c); SAY(c, "released")
       fi;
       TRACE_ONLY(sends = 0) }
  :: d_step { late[c].verb != NONE ->
       execute(c, late[c].verb, late[c].turn, late[c].marked, yes);
       if
       :: late[c].verb == CLAIM && yes && late[c].turn == client[c].turn && client[c].state != IDLE ->
          client[c].redone = 1
       :: else
       fi;
       commit_if_final();
       yes = 0; late[c].verb = NONE; late[c].turn = 0; late[c].marked = 0 }
  :: d_step { late[c].verb != NONE -> late[c].verb = NONE; late[c].turn = 0; late[c].marked = 0 }
  /* The caller's time is over: free when nothing will come, a fault otherwise. */
  :: d_step { request[c].phase == LOST || (request[c].phase != NONE && MISHAP) ->
       overdue = (request[c].phase != LOST);
       faults = faults - overdue;
       if
       :: request[c].verb == CLAIM -> unanswered(c); SAY(c, "unclear")
       :: request[c].verb == RENEW -> unanswered(c); SAY(c, "unrenewed")
       :: else -> unanswered(c); SAY(c, "unreleased")
       fi;
       overdue = 0; TRACE_ONLY(sends = 0) }
  :: d_step { request[c].phase == SENT && MISHAP ->
       faults--;
       if
       :: request[c].verb == CLAIM -> unsent(c); SAY(c, "unsent")
       :: request[c].verb == RENEW -> unsent(c); SAY(c, "unrenewed")
       :: else -> unsent(c); SAY(c, "unreleased")
       fi;
       TRACE_ONLY(sends = 0) }
  /* A primary that does not know yet that it was deposed answers from what it remembers. */
  :: d_step { request[c].phase == SENT && request[c].verb == CLAIM && MISHAP ->
       faults--; request[c].phase = ANSWERED; request[c].marked = 0 }
  :: d_step { request[c].phase == SENT && late[c].verb == NONE && MISHAP ->
       faults--; late[c].verb = request[c].verb; late[c].turn = request[c].turn;
       late[c].marked = request[c].marked }
  :: d_step { MISHAP && client[c].state != IDLE -> faults--; overdue = 1; crash(c); overdue = 0; SAY(c, "crash") }
  od
}

proctype Store() {
  byte d;
  do
  :: d_step { UNCOMMITTED || WAITING_ANY ->
       commit() }
  /* Another member takes over, with or without what was not committed. */
  :: d_step { FAILOVER_DUE ->
       failovers--; primary = 1 - primary; waiting_become(LOST); commit_if_final() }
  :: d_step { FAILOVER_DUE && UNCOMMITTED ->
       failovers--; primary = 1 - primary; waiting_become(LOST); copy_record(now_at_primary, committed) }
  /* The TTL monitor. */
  :: d_step { SWEPT(now_at_primary) -> clear_record(); commit_if_final() }
  od
}

/* ---- time ---- */

#define DOWN(x) x = (x > 0 -> x - 1 : 0)

/* While liveness is checked, all that is under way or due once the faults are over comes before the next tick. */
#define BUSY(c) (request[c].phase != NONE || late[c].verb != NONE || client[c].state == UNSURE || \
                 client[c].state == ENDED || DUE(c) || RENEWABLE(c) && client[c].renew == 0 || \
                 client[c].state == IDLE && (LOOKS_FREE(c) || committed.lease != 0 && !client[c].seen && LOOK_MATTERS))
#ifdef LIVENESS
#define QUIET (faults + failovers > 0 || !(BUSY(0) || BUSY(1) || UNCOMMITTED))
#else
#define QUIET true
#endif

/* Gives the latest lease its client's first id once that is free, so that equal situations are equal states. */
inline rename(c) {
  if
  :: client[c].turn == 1 && FRESH(c, 0) && !(request[c].phase != NONE && request[c].turn == 0) ->
     if
     :: now_at_primary.lease == LEASE(c, 1) -> now_at_primary.lease = LEASE(c, 0)
     :: else
     fi;
     if
     :: committed.lease == LEASE(c, 1) -> committed.lease = LEASE(c, 0)
     :: else
     fi;
     client[c].turn = 0; request[c].turn = 0; late[c].turn = 0
  :: else
  fi
}

proctype Time() {
  byte d;
  TRACE_ONLY(byte sends);
  do
#ifdef TRACE
  :: d_step { mood = (mood + 1) % 16 }
  :: d_step { mood = (mood + 1) % 16 }
  :: d_step { mood = (mood + 1) % 16 }
#endif
  :: d_step { QUIET ->
       DOWN(now_at_primary.expiry); DOWN(committed.expiry);
       TRACE_ONLY(ticks++);
       do
       :: d < CLIENTS ->
          if
          :: client[d].state == HELD && client[d].deadline == 1 -> client[d].over = 1
          :: else
          fi;
          DOWN(client[d].deadline); DOWN(client[d].forgotten); DOWN(client[d].renew); DOWN(client[d].retry);
          DOWN(client[d].stands);
          rename(d);
          if
          :: !LOOK_MATTERS && now_at_primary.judge == committed.judge -> forget_seen(d)
          :: else
          fi;
          if
          :: (request[d].verb == RENEW || client[d].state == CLAIMING) && request[d].age < TTL -> request[d].age = request[d].age + 1
          :: else
          fi;
          SAY(d, "look")
          d++
       :: else -> break
       od;
       d = 0 }
  od
}

init {
  byte d;
  atomic {
    do
    :: d < CLIENTS -> run Application(d); run Network(d); d++
    :: else -> break
    od;
    d = 0;
    run Store(); run Time()
  }
}

#ifdef LIVENESS
ltl somebody_leads { [] (faults + failovers == 0 -> <> (VALID(0) || VALID(1))) }
#endif
