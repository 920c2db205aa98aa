// completion bash|zsh|fish
#include "cli/completion.h"

#include "base/text.h"
#include "cli/command.h"

namespace mongoelector::cli {

namespace {

class CompletionCommand : public Command {
 public:
  const About& about() const override {
    static const About kAbout{
        .name = "completion",
        .group = "Operate",
        .summary = "write the script that completes this tool's words in a shell",
        .usage = "bash|zsh|fish",
        .examples = {{"source <(mongoelector completion bash)", "in ~/.bashrc"}},
        .details =
            "zsh:  mongoelector completion zsh > a folder of $fpath/_mongoelector\n"
            "fish: mongoelector completion fish > ~/.config/fish/completions/mongoelector.fish\n"};
    return kAbout;
  }

  void add_flags(Flags& flags) override {
    flags.add_option("SHELL", shell_, "which shell").type_name("bash|zsh|fish");
  }

  int run(Context& context) override {
    if (shell_ == "bash")
      context.out.answer(bash_completion());
    else if (shell_ == "zsh")
      context.out.answer(zsh_completion());
    else if (shell_ == "fish")
      context.out.answer(fish_completion());
    else if (shell_.empty())
      throw Failure(Exit::usage, "completion needs a shell: bash, zsh or fish");
    else
      throw Failure(Exit::usage, "completion " + internal::quoted(shell_) +
                                     " is not one of bash, zsh, fish");
    return 0;
  }

 private:
  std::string shell_;
};

}  // namespace

std::unique_ptr<Command> make_completion() { return std::make_unique<CompletionCommand>(); }

}  // namespace mongoelector::cli
