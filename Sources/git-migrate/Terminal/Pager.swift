import Git
import Runner
import Site
import Supervision

extension Context {
  /// Sends what is printed from now on through the user's pager, as git does for its own lists: only to a
  /// terminal, with `GIT_PAGER`, `core.pager`, `PAGER` or `less`. `pager.migrate` set to false prevents
  /// it; set to a command it names another one.
  func startPager() throws(CommandError) {
    guard output.isTerminal, !isPagerInUse, let command = try pagerCommand() else { return }
    var variables = environment
    // As git has it: what fits on a page is left there, and colours come through.
    if variables["LESS"] == nil { variables["LESS"] = "FRX" }
    if variables["LV"] == nil { variables["LV"] = "-c" }
    pagerColumns = output.columns
    pager = try reporting { try PagerProcess.start(command, environment: variables) }
    // Who has seen enough need not wait for the rest; the terminal is the pager's until it has ended.
    output.whenReaderLeaves { [unowned self] in
      pager?.end()
      pager = nil
    }
  }

  private func pagerCommand() throws(CommandError) -> String? {
    let repository = try site().repository
    let own = try reporting { try repository.config("pager.migrate") }
    switch own?.lowercased() {
    case "false", "no", "off", "0": return nil
    case nil, "", "true", "yes", "on", "1": break
    default: return own
    }
    let configured = try reporting { try repository.config("core.pager") }
    let command = environment["GIT_PAGER"] ?? configured ?? environment["PAGER"] ?? "less"
    return ["", "cat"].contains(command) ? nil : command
  }
}
