import Migration
import System

/// What an agent obeys below the home, and what of it was not there when an attempt began. In a sandbox what
/// is there can only be read; what is made there is taken away when the attempt has ended, so that no later
/// run of the agent, without walls perhaps, does what this one wrote down for it.
package struct HomeOrders {
  private let missing: [String]

  /// Looks before an attempt by an agent.
  package init(_ agent: Plan.Agent, in site: Site) {
    let home = site.environment["HOME"].flatMap(Files.realPath) ?? ""
    missing =
      home.count > 1
      ? AgentHome(adapter: agent.adapter).settings.map { home + "/" + $0 }.filter { !Files.exists($0) } : []
  }

  /// Moves aside what was made since, and says what.
  package func takeAway() -> [String] {
    missing.filter { Files.exists($0) }.map { path in
      let place = Site.freeName(beside: path)
      do throws(FileError) {
        try Files.move(path, to: place)
        return "it made '\(path)', which agents obey; it was moved to '\(place)'"
      } catch {
        return "it made '\(path)', which agents obey, and it cannot be moved away: \(error.description)"
      }
    }
  }
}
