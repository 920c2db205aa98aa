// The configuration file: where it is found, what may stand in it, and what wins over it.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "cli/contract.h"
#include "support/temp_dir.h"
#include "support/tool.h"

namespace mongoelector::test {
namespace {

using nlohmann::json;
using Environment = std::map<std::string, std::string>;

class Config : public testing::Test {
 protected:
  std::string write(const std::string& name, const std::string& text) const {
    const std::filesystem::path path = dir.file(name);
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path) << text;
    return path.string();
  }
  // In a folder and with a home of its own: nothing of whoever runs the tests counts.
  Finished run(std::vector<std::string> words, Environment environment = {}) const {
    environment.insert({"HOME", dir.file("home")});
    return run_tool(std::move(words),
                    {.environment = std::move(environment), .directory = dir.path()});
  }
  // "value from source" of one setting.
  std::string setting(const std::string& name, std::vector<std::string> flags,
                      Environment environment = {}) const {
    flags.insert(flags.begin(), {"config", "show", "--json"});
    const Finished tool = run(flags, std::move(environment));
    EXPECT_EQ(tool.code, 0) << tool.err;
    const json document = document_of(tool.out, "mongoelector.config/1");
    for (const json& one : document.at("settings")) {
      if (one.at("name") != name) continue;
      const json& value = one.at("value");
      return (value.is_string() ? value.get<std::string>() : value.dump()) + " from " +
             one.at("source").get<std::string>();
    }
    return "nothing";
  }

  const TempDir dir;
};

TEST_F(Config, a_flag_wins_over_the_environment_and_that_over_the_file) {
  const std::string file = write("a.toml",
                                 "# ours\nuri = 'sqlite:file.db'\ndatabase = 'in_file'\n"
                                 "require_shared = true\n");
  const Environment named{{"MONGOELECTOR_CONFIG", file}};
  EXPECT_EQ(setting("uri", {}, named), "sqlite:file.db from uri at " + file + ":2");
  EXPECT_EQ(setting("database", {}, named), "in_file from database at " + file + ":3");
  EXPECT_EQ(setting("require_shared", {}, named), "true from require_shared at " + file + ":4");

  Environment more = named;
  more["MONGODB_URI"] = "mongodb://db1/ops";
  more["MONGOELECTOR_DATABASE"] = "in_environment";
  more["MONGOELECTOR_REQUIRE_SHARED"] = "0";
  EXPECT_EQ(setting("uri", {}, more), "mongodb://db1/ops from MONGODB_URI");
  EXPECT_EQ(setting("database", {}, more), "in_environment from MONGOELECTOR_DATABASE");
  EXPECT_EQ(setting("require_shared", {}, more), "false from MONGOELECTOR_REQUIRE_SHARED");
  more["MONGOELECTOR_URI"] = "mongodb://db2/ops";
  EXPECT_EQ(setting("uri", {}, more), "mongodb://db2/ops from MONGOELECTOR_URI");

  EXPECT_EQ(setting("uri", {"--uri", "memory:"}, more), "memory: from --uri");
  EXPECT_EQ(setting("database", {"--database", "in_flag"}, more), "in_flag from --database");
  EXPECT_EQ(setting("require_shared", {"--require-shared"}, more), "true from --require-shared");
}

TEST_F(Config, files_and_prefixes_come_from_flag_variable_or_key_too) {
  const std::string file =
      write("a.toml", "password_file = 'secret'\ncollection_prefix = 'file_'\n");
  Environment more{{"MONGOELECTOR_CONFIG", file}};
  EXPECT_EQ(setting("password_file", {}, more),
            dir.file("secret") + " from password_file at " + file + ":1");
  EXPECT_EQ(setting("collection_prefix", {}, more),
            "file_ from collection_prefix at " + file + ":2");
  more["MONGOELECTOR_PASSWORD_FILE"] = "/run/secret";
  more["MONGOELECTOR_COLLECTION_PREFIX"] = "env_";
  EXPECT_EQ(setting("password_file", {}, more), "/run/secret from MONGOELECTOR_PASSWORD_FILE");
  EXPECT_EQ(setting("collection_prefix", {}, more), "env_ from MONGOELECTOR_COLLECTION_PREFIX");
  EXPECT_EQ(setting("password_file", {"--password-file", "p"}, more), "p from --password-file");
  EXPECT_EQ(setting("collection_prefix", {"--collection-prefix", ""}, more),
            "null from --collection-prefix");
}

TEST_F(Config, nothing_said_is_shown_as_the_default) {
  EXPECT_EQ(setting("uri", {}, {{"STATE_DIRECTORY", "/s"}}), "sqlite:/s/leases.db from default");
  EXPECT_EQ(setting("database", {}), "null from default");
  EXPECT_EQ(setting("require_shared", {}), "false from default");
}

TEST_F(Config, project_before_user_before_none_and_a_named_one_before_all) {
  const Finished none = run({"config", "path"});
  EXPECT_TRUE(none.code == 3 || none.out == "/etc/mongoelector/config.toml\n") << none.out;
  write("home/.config/mongoelector/config.toml", "");
  EXPECT_EQ(run({"config", "path"}).out, dir.file("home/.config/mongoelector/config.toml\n"));
  write("xdg/mongoelector/config.toml", "");
  const Environment xdg{{"XDG_CONFIG_HOME", dir.file("xdg")}};
  EXPECT_EQ(run({"config", "path"}, xdg).out, dir.file("xdg/mongoelector/config.toml\n"));
  write(".mongoelector.toml", "");
  EXPECT_EQ(run({"config", "path"}, xdg).out, dir.file(".mongoelector.toml\n"));
  const json document =
      document_of(run({"config", "path", "--json"}, xdg).out, "mongoelector.config_path/1");
  EXPECT_EQ(document.at("source"), "project");
  EXPECT_EQ(document.at("places").size(), 3u);
  const Environment named{{"MONGOELECTOR_CONFIG", dir.file("b.toml")}};
  EXPECT_EQ(run({"config", "path"}, named).out, dir.file("b.toml\n"));
  EXPECT_EQ(run({"config", "path", "--config", "c.toml"}, named).out, dir.file("c.toml\n"));
}

TEST_F(Config, only_the_first_file_counts) {
  write(".mongoelector.toml", "database = 'project'\n");
  write("home/.config/mongoelector/config.toml", "uri = 'memory:'\ndatabase = 'user'\n");
  EXPECT_EQ(setting("database", {}), "project from database at .mongoelector.toml:1");
  EXPECT_EQ(setting("uri", {}, {{"STATE_DIRECTORY", "/s"}}), "sqlite:/s/leases.db from default");
  EXPECT_EQ(setting("database", {"--config", "/dev/null"}), "null from default");
}

TEST_F(Config, commands_use_the_store_of_the_file) {
  write("c.toml", "uri = 'sqlite:" + dir.file("named.db") + "'\n");
  const Finished held = run({"--config", "c.toml", "acquire", "nightly", "--ttl", "60s"});
  EXPECT_EQ(held.code, 0) << held.err;
  EXPECT_NE(run({"--uri", "sqlite:" + dir.file("named.db"), "list", "-o", "name"}).out.find(
                "lock/nightly"),
            std::string::npos);
}

TEST_F(Config, a_file_with_the_uri_stands_relative_to_the_configuration) {
  write("conf/uri", "mongodb://app:secret@db1/ops\n");
  const std::string file = write("conf/c.toml", "uri_file = 'uri'\n");
  EXPECT_EQ(setting("uri", {"--config", "conf/c.toml"}),
            "mongodb://app:***@db1/ops from uri_file at conf/c.toml:1");
}

TEST_F(Config, secrets_are_not_shown) {
  write(".mongoelector.toml", "uri = 'mongodb://app:secret@db1/ops'\n");
  for (const auto& words :
       {std::vector<std::string>{"config", "show"}, {"config", "show", "--json"}}) {
    const Finished tool = run(words);
    EXPECT_EQ(tool.code, 0) << tool.err;
    EXPECT_NE(tool.out.find("mongodb://app:***@db1/ops"), std::string::npos) << tool.out;
    EXPECT_EQ((tool.out + tool.err).find("secret"), std::string::npos);
  }
}

TEST_F(Config, mistakes_exit_78_and_name_file_and_line) {
  struct Mistake {
    std::string text;
    std::string says;
  };
  const std::vector<Mistake> mistakes{
      {"\nurl = 'x'\n", "c.toml:2: there is no key url; did you mean uri?"},
      {"frobnicate = 1\n",
       "c.toml:1: there is no key frobnicate; known are uri, uri_file, password_file, database, "
       "collection_prefix, require_shared"},
      {"[store]\nuri = 'x'\n",
       "c.toml:1: there is no key store; known are uri, uri_file, password_file, database, "
       "collection_prefix, require_shared"},
      {"uri = 5\n", "c.toml:1: uri has to be a text in quotes"},
      {"uri = ''\n", "c.toml:1: uri has to be a text in quotes"},
      {"require_shared = 'yes'\n", "c.toml:1: require_shared has to be true or false"},
      {"uri = 'a'\nuri_file = 'b'\n",
       "uri at c.toml:1 and uri_file at c.toml:2 are both given; remove one"},
      {"uri = 'ftp://x'\n",
       "uri at c.toml:1: no store is known for the URI \"ftp://x\"; use mongodb://, "
       "mongodb+srv://, sqlite:PATH or memory:"}};
  for (const Mistake& mistake : mistakes) {
    write("c.toml", mistake.text);
    const Finished tool = run({"list", "--config", "c.toml"});
    EXPECT_EQ(tool.code, 78) << mistake.text;
    EXPECT_EQ(tool.err, "mongoelector: " + mistake.says + "\n");
  }
  write("c.toml", "uri = 'a'\nuri = \n");
  const Finished broken = run({"list", "--config", "c.toml"});
  EXPECT_EQ(broken.code, 78);
  EXPECT_EQ(broken.err.rfind("mongoelector: c.toml:2: ", 0), 0u) << broken.err;
}

TEST_F(Config, a_named_file_that_is_missing_or_unreadable_is_an_error) {
  const std::string missing = dir.file("missing.toml");
  const Finished flag = run({"list", "--config", missing});
  EXPECT_EQ(flag.code, 78);
  EXPECT_EQ(flag.err,
            "mongoelector: --config: cannot read " + missing + ": No such file or directory\n");
  const Finished variable = run({"list"}, {{"MONGOELECTOR_CONFIG", missing}});
  EXPECT_EQ(variable.code, 78);
  EXPECT_EQ(variable.err.rfind("mongoelector: MONGOELECTOR_CONFIG: cannot read ", 0), 0u);
  EXPECT_EQ(run({"list", "--config", dir.path()}).code, 78);
}

TEST_F(Config, a_project_file_that_anybody_can_write_is_refused) {
  const std::string file = write(".mongoelector.toml", "uri = 'memory:'\n");
  ASSERT_EQ(chmod(file.c_str(), 0666), 0);
  const Finished tool = run({"list"});
  EXPECT_EQ(tool.code, 78);
  EXPECT_EQ(tool.err,
            "mongoelector: .mongoelector.toml could have been written by somebody else; change "
            "its owner or mode, or name it with --config\n");
  EXPECT_EQ(run({"list", "--config", file}).code, 0);
}

TEST_F(Config, help_and_version_need_no_configuration) {
  write(".mongoelector.toml", "nonsense\n");
  for (const auto& words : {std::vector<std::string>{"help"}, {"version"}, {"config", "path"},
                            {"completion", "bash"}, {"list", "--help"}})
    EXPECT_EQ(run(words).code, 0) << words.front();
  EXPECT_EQ(run({"config", "show"}).code, 78);
}

TEST_F(Config, the_output_format_can_be_preset) {
  const Environment json_wanted{{"MONGOELECTOR_OUTPUT", "json"}};
  const Environment name_wanted{{"MONGOELECTOR_OUTPUT", "name"}};
  const std::string store = "sqlite:" + dir.file("o.db");
  ASSERT_EQ(run({"acquire", "nightly", "--ttl", "60s", "--uri", store}).code, 0);
  document_of(run({"version"}, json_wanted).out, "mongoelector.version/1");
  document_of(run({"list", "--uri", store}, json_wanted).out, "mongoelector.list/1");
  EXPECT_EQ(run({"list", "--uri", store}, name_wanted).out, "lock/nightly\n");
  // The line wins; a command without this format answers as it does.
  EXPECT_EQ(run({"list", "--uri", store, "-o", "name"}, json_wanted).out, "lock/nightly\n");
  document_of(run({"list", "--uri", store, "--json"}, name_wanted).out, "mongoelector.list/1");
  EXPECT_EQ(run({"version"}, name_wanted).code, 0);
  const Finished wrong = run({"list"}, {{"MONGOELECTOR_OUTPUT", "xml"}});
  EXPECT_EQ(wrong.code, 78);
  EXPECT_EQ(wrong.err,
            "mongoelector: MONGOELECTOR_OUTPUT is \"xml\"; it may be table, wide, json, jsonl or "
            "name\n");
}

}  // namespace
}  // namespace mongoelector::test
