// Lets a process fork while it has embedded stores open.
//
// SQLite remembers for the whole process which files it has locked. A forked child inherits that
// memory but no lock, so a store that it opens on the same file would trust in locks that nobody
// holds. Hence no call is under way at the moment of a fork, and the child closes what it inherited
// before it does anything else; the parent's files and locks are not affected by that. A fork waits
// for calls under way, so for the patience of one at most.
#pragma once

namespace mongoelector::internal {

class ForkGate {
 public:
  class Member {
   public:
    // In the child, before fork() returns: closes everything inherited.
    virtual void drop_inherited() noexcept = 0;

   protected:
    ~Member() = default;
  };

  // Held around every use of SQLite; never one inside another.
  class Pass {
   public:
    Pass();
    ~Pass();
    Pass(const Pass&) = delete;
    Pass& operator=(const Pass&) = delete;
  };

  static void add(Member& member);
  static void remove(Member& member);
};

}  // namespace mongoelector::internal
