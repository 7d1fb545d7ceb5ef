extension GitProgram {
  /// What has to be said for a run, so that no programs are started but those that may.
  struct ProgramSettings {
    var entries: [ConfigEntry] = []
    var variables: [String: String] = [:]
  }

  /// Overrides for the programs whose names only the configuration knows: filters, merge drivers and
  /// configured hooks (git 2.54). What is the user's own or was approved stays in use.
  func programSettings(filters: Filters, hooks: Hooks) throws(GitError) -> ProgramSettings {
    let listed = try listSettings()
    let trusted = trusted(among: listed)
    var result = ProgramSettings()
    result.variables = variables(namedIn: trusted)
    if let ssh = trusted.last(where: { $0.key == "core.sshcommand" }) {
      result.entries.append(ConfigEntry(key: ssh.key, value: ssh.value))
    }
    // What git asks for a password, in its order: GIT_ASKPASS, this key, SSH_ASKPASS. The fixed override
    // keeps it from asking at a terminal.
    if let ask = trusted.last(where: { $0.key == "core.askpass" })?.value ?? environment["SSH_ASKPASS"] {
      result.entries.append(ConfigEntry(key: "core.askpass", value: ask))
    }
    // The empty helper among the fixed overrides has emptied the list; these are put in again.
    for entry in trusted where entry.key.hasPrefix("credential.") && entry.variable == "helper" {
      result.entries.append(ConfigEntry(key: entry.key, value: entry.value))
    }
    for key in Set(listed.map(\.key)).sorted() where key.hasPrefix("gpg.") && CommandSetting.isOne(key) {
      // `false` does not sign.
      let value = trusted.last { $0.key == key }?.value ?? "false"
      result.entries.append(ConfigEntry(key: key, value: value))
    }
    result.entries += attributesSettings(listed, trusted)
    // Of several values git takes the first that fits, so that a later one cannot take its place.
    if listed.contains(where: { $0.key == "core.gitproxy" && !isTrusted($0) }) {
      result.variables["GIT_PROXY_COMMAND"] = environment["GIT_PROXY_COMMAND"] ?? ""
    }
    result.entries += filterSettings(listed, filters == .none ? [] : trusted)
    for name in names(in: listed, section: "hook") {
      let command = trusted.last { $0.key == "hook.\(name).command" }
      guard hooks == .none || command == nil else { continue }
      result.entries.append(ConfigEntry(key: "hook.\(name).enabled", value: "false"))
    }
    return result
  }

  /// The file of the user's attributes says which files pass through his filters. Where only the repository
  /// names one that nobody approved, the one that git takes by itself is said.
  private func attributesSettings(
    _ listed: [CommandSetting], _ trusted: [CommandSetting]
  ) -> [ConfigEntry] {
    let key = "core.attributesfile"
    if let file = trusted.last(where: { $0.key == key }) { return [ConfigEntry(key: key, value: file.value)] }
    guard listed.contains(where: { $0.key == key }) else { return [] }
    let usual = GitProgram.usualFolder(environment).map { $0 + "/attributes" }
    return [ConfigEntry(key: key, value: usual ?? "/dev/null")]
  }

  /// `$XDG_CONFIG_HOME/git`, by default below the home; `nil` when there is neither.
  static func usualFolder(_ environment: [String: String]) -> String? {
    let named = environment["XDG_CONFIG_HOME"].flatMap { $0.isEmpty ? nil : $0 }
    let home = environment["HOME"].flatMap { $0.isEmpty ? nil : $0 + "/.config" }
    return (named ?? home).map { $0 + "/git" }
  }

  private func filterSettings(_ listed: [CommandSetting], _ trusted: [CommandSetting]) -> [ConfigEntry] {
    func value(_ key: String) -> String? { trusted.last { $0.key == key }?.value }
    let all = listed + trusted
    func isSet(_ key: String) -> Bool { all.contains { $0.key == key } }
    var result: [ConfigEntry] = []
    for name in names(in: all, section: "filter") {
      // An empty command is no filter. What may run is said again, over what the repository says. What nobody
      // set stays unset, for even an empty `process` keeps git from using `clean` and `smudge`.
      for (variable, nothing) in [("clean", ""), ("smudge", ""), ("process", ""), ("required", "false")] {
        let key = "filter.\(name).\(variable)"
        guard isSet(key) else { continue }
        result.append(ConfigEntry(key: key, value: value(key) ?? nothing))
      }
    }
    for name in names(in: all, section: "merge") where isSet("merge.\(name).driver") {
      // `false` reports a conflict; an empty command would be an error, `true` would drop one side unseen.
      let key = "merge.\(name).driver"
      result.append(ConfigEntry(key: key, value: value(key) ?? "false"))
    }
    for name in names(in: listed, section: "diff") {
      for variable in ["command", "textconv"] where isSet("diff.\(name).\(variable)") {
        let key = "diff.\(name).\(variable)"
        result.append(ConfigEntry(key: key, value: value(key) ?? (variable == "textconv" ? "cat" : "true")))
      }
    }
    return result
  }

  private func names(in listed: [CommandSetting], section: String) -> [String] {
    Set(listed.filter { $0.key.hasPrefix(section + ".") }.compactMap(\.name)).sorted()
  }
}
