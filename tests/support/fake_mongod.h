// Something that answers MongoDB's wire protocol with fixed replies: for servers that no test can
// start, such as old ones and routers.
#pragma once

#include <atomic>
#include <map>
#include <string>
#include <thread>

namespace mongoelector::test {

class FakeMongod {
 public:
  // Replies by command, as extended JSON; "hello" answers every form of greeting. What is not
  // listed does not exist (error 59).
  explicit FakeMongod(std::map<std::string, std::string> replies);
  ~FakeMongod();
  FakeMongod(const FakeMongod&) = delete;
  FakeMongod& operator=(const FakeMongod&) = delete;

  std::string uri(const std::string& database) const;

 private:
  void serve();
  // Takes one message and answers it; false when the connection is over.
  bool answer(int connection) const;
  std::string reply_to(const std::string& message) const;

  const std::map<std::string, std::string> replies_;
  int listener_ = -1;
  int port_ = 0;
  std::atomic<bool> over_{false};
  std::thread thread_;
};

}  // namespace mongoelector::test
