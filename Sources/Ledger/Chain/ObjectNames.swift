import Git
import Migration

extension OID {
  /// The same name as the core knows it.
  public var objectID: ObjectID { ObjectID(words: words) }
}

extension ObjectID {
  /// The same name as git's wrapper knows it.
  public var oid: OID { OID(words: words) }
}
