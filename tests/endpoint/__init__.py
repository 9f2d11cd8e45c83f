"""AWS on a loopback port for load and faults: many accounts, AWS's limits, its errors, and seeded bad days.

`endpoint.server.Endpoint` runs in this process, `endpoint.process.running` in one of its own; both take a fleet of
`endpoint.plan` and give the same controls (`endpoint.controls`). Signatures are not verified: the credential scope of
the Authorization header says who calls, where and what.
"""
