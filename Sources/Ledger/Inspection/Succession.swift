import Git
import Migration

extension ChainReader {
  /// Whether the chain may grow from `old` to `new`: every entry between is a legal successor by `decide`, in
  /// the form that git-migrate writes. Throws what is wrong with the first that is not; `visit` sees each
  /// entry and the state before it. Gives the ledger at `new`.
  @discardableResult
  package func verifySuccession(
    from old: OID?, to new: OID,
    _ visit: (LedgerEntry, State) throws(InspectionFault) -> Void = { (_, _) in }
  ) throws(InspectionFault) -> LedgerSnapshot {
    let added = try Inspector.commits(in: self, to: new, from: old)
    var inspector: Inspector
    do throws(LedgerError) {
      let base = try old.map { (old) throws(LedgerError) in try self.snapshot(at: old) } ?? .empty
      inspector = try Inspector(reader: self, after: base)
    } catch {
      throw .unreadable(error)
    }
    for oid in added {
      if let breach = try inspector.inspect(oid, visit).first { throw .breach(breach) }
    }
    return inspector.snapshot
  }
}
