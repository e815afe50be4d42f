/* SPDX-License-Identifier: ISC */
/* Every cell of one gateway in the tables of crypto map entries, engines and configured tunnels. */

#include "map_fixture.h"

/* --- a gateway, and every cell that it has ------------------------------- */

static void
given_feeds(void)
{
	uint64_t now = ipm_now_ns();
	uint32_t slot = ok(ipm_feed_open(w, "vici"));
	struct ipm_feed feed = *ipm_feed_peek(w, slot);
	feed.state = IPM_FEED_UP;
	feed.since_ns = now - 5 * SECOND;
	feed.updated_ns = now - 2 * SECOND;
	feed.interval_ns = 5 * SECOND;
	feed.caps = IPM_CAP_IKE_SAS | IPM_CAP_TUNNELS | IPM_CAP_IKE_DELETES;
	feed.drops = IPM_SA_DROPS(IPM_IN, IPM_DROPPED_ANY) | IPM_SA_DROPS(IPM_OUT, IPM_DROPPED_ANY);
	feed.connects = 2, feed.errors = 3, feed.events = (1ull << 32) + 4, feed.rejected = 5, feed.overruns = 6;
	feed.errored_ns = now - 9 * SECOND;
	snprintf(feed.source, sizeof(feed.source), "/run/charon.vici");
	snprintf(feed.detail, sizeof(feed.detail), "charon 5.9.8");
	snprintf(feed.error, sizeof(feed.error), "no such file");
	ipm_feed_put(w, slot, &feed);
	slot = ok(ipm_feed_open(w, "of my own"));
	feed = *ipm_feed_peek(w, slot);
	feed.state = IPM_FEED_DOWN;
	feed.since_ns = now - SECOND;
	ipm_feed_put(w, slot, &feed);
}

/* An entry that is up: map 1, tunnel 1, on engine 1. */
static void
given_tunnel_that_is_up(void)
{
	struct ipm_map_entry map = { .kind = IPM_MAP_STATIC,
				     .seq = 10,
				     .key_type = IPM_KEY_IKE,
				     .ike_version = 2,
				     .protocol = 50,
				     .pfs = IPM_PFS_YES,
				     .pfs_group = IPM_GROUP_MODP_2048,
				     .auth = IPM_AUTH_PSK,
				     .peers = 2,
				     .peer = { address("198.51.100.1"), address("198.51.100.2") },
				     .ifindex = 3,
				     .ifname = "eth0",
				     .ike_ns = 14400 * SECOND,
				     .soft_ns = 3000 * SECOND,
				     .hard_ns = 3600 * SECOND,
				     .hard_octets = 4608000ull * 1024,
				     .name = "site",
				     .child = "net",
				     .peer_text = "198.51.100.1" };
	ok(ipm_map_open(w, &map));
	struct ipm_ike_sa ike = { .state = IPM_IKE_ESTABLISHED,
				  .version = 2,
				  .proposal = { .encr = IPM_ENCR_AES_GCM_16,
						.prf = IPM_PRF_HMAC_SHA2_256,
						.group = IPM_GROUP_CURVE25519 },
				  .conn = "site" };
	uint32_t ike_slot = ok(ipm_ike_start(w, &ike));
	struct ipm_tunnel tunnel = {
		.state = IPM_TUNNEL_UP,
		.protocol = 50,
		.ike_index = 1,
		.ike_slot = ike_slot,
		.local = address("192.0.2.1"),
		.remote = address("198.51.100.2"),
		.in_sa = { .encr = IPM_ENCR_AES_CBC,
			   .encr_bits = 256,
			   .integ = IPM_INTEG_HMAC_SHA2_256_128,
			   .group = IPM_GROUP_MODP_2048 },
		.out_sa = { .encr = IPM_ENCR_AES_GCM_16, .encr_bits = 128, .group = IPM_GROUP_CURVE25519 },
		.installed_ns = ipm_now_ns() - 100 * SECOND,
		.soft_ns = 1000 * SECOND,
		.hard_ns = 1200 * SECOND,
		.hard_octets = 1 << 20,
		.conn = "site",
		.name = "net"
	};
	uint32_t slot = ok(ipm_tunnel_start(w, &tunnel));
	struct ipm_selector sel = { .local = { .type = IPM_SEL_SUBNET,
					       .prefix = 16,
					       .port_last = 65535,
					       .first = address("10.1.0.0"),
					       .last = address("10.1.255.255") },
				    .remote = { .type = IPM_SEL_SINGLE,
						.protocol = 6,
						.port_first = 80,
						.port_last = 80,
						.first = address("10.2.0.1"),
						.last = address("10.2.0.1") } };
	ck_assert_int_eq(ipm_tunnel_select(w, slot, &sel, 1), 0);
	struct ipm_sa sa = { .protocol = 50, .state = IPM_SA_ACTIVE, .engine = 1, .hard_octets = 1 << 20 };
	struct ipm_traffic in = { .octets = 524288, .raw_octets = 600000, .pkts = 400 };
	struct ipm_traffic out = { .octets = 262144, .raw_octets = 300000, .pkts = 300 };
	in.drops[IPM_DROP_REPLAY] = 1, in.drops[IPM_DROP_AUTH] = 2, in.drops[IPM_DROP_MALFORMED] = 4;
	out.drops[IPM_DROP_EXPIRED] = 8;
	sa.direction = IPM_IN, sa.spi = 0xc0000001, sa.proposal = tunnel.in_sa;
	ipm_sa_count(w, ok(ipm_sa_start(w, slot, &sa)), &in);
	sa.direction = IPM_OUT, sa.spi = 0xc0000002, sa.proposal = tunnel.out_sa;
	ipm_sa_count(w, ok(ipm_sa_start(w, slot, &sa)), &out);
	ipm_tunnel_refresh(w, slot);
}

static void
given_a_gateway(void)
{
	given_a_served_segment();
	given_feeds();
	ok(ipm_engine_open(
		w, &(struct ipm_engine){ .kind = IPM_ENGINE_KERNEL, .name = "xfrm", .version = "Linux 6.1.0" }));
	ok(ipm_engine_open(w,
			   &(struct ipm_engine){ .kind = IPM_ENGINE_HARDWARE, .disabled = 1, .name = "eth0 offload" }));
	given_tunnel_that_is_up();
	given_map(w, "site", "dmz", 20); /* 2: down, with unknown values and a failure */
	ipm_fail(w, IPM_IKE_FAILURES, &(struct ipm_failure){ .reason = IPM_FAIL_AUTH, .conn = "site", .text = "no" });
	struct ipm_map_entry any = { .kind = IPM_MAP_DYNAMIC,
				     .key_type = IPM_KEY_IKE,
				     .seq = 10,
				     .pfs = IPM_PFS_NO,
				     .disabled = 1,
				     .hard_ns = 60 * SECOND,
				     .ike_ns = 172800 * SECOND,
				     .transforms = 1,
				     .transform = { { .protocol = 50,
						      .proposal = { .encr = IPM_ENCR_AES_GCM_16, .encr_bits = 256 } } },
				     .name = "rw",
				     .child = "any",
				     .peer_text = "%any" };
	ok(ipm_map_open(w, &any)); /* 3 */
	struct ipm_map_entry hand = {
		.kind = IPM_MAP_STATIC, .key_type = IPM_KEY_MANUAL, .seq = 10, .name = "by hand"
	};
	ok(ipm_map_open(w, &hand));                                              /* 4: it was up, and is down */
	ipm_map_remove(w, given_map(w, "gone", "net", 10));                      /* 5 */
	ipm_tunnel_stop(w, given_tunnel(w, "by hand", ""), IPM_REASON_OPERATOR); /* tunnel 2 */
	given_tunnel(w, "nobody", "knows");                                      /* tunnel 3 */
	ipm_writer_totals(w)->records_refused = 7;
	mib_health.requests = (1ull << 32) + 8;
	mib_health.sent = 1, mib_health.suppressed = 2, mib_health.disabled = 3, mib_health.waiting = 4;
	mib_health.segments = 1;
	serve(w);
	mib_request(mib, master_ns);
}

static const struct {
	const char *column;
	const char *row[ROWS_MAX];
} tables[] = {
	{ "ikePolMapPolicyNum", { "1" } },
	{ "ipSecPolMapCryptoMapName", { "1", "3" } },
	{ "ccaAcclEntPhysicalIndex", { "1", "2" } },
	{ "ccaProtPktEncryptsReqs", { "4" } },
	{ "cipsIsakmpPolEncr", { "1", "3" } },
	{ "cipsStaticCryptomapSetSize", { "'rw'", "'site'", "'by hand'" } },
	{ "cipsDynamicCryptomapSetSize", { "'rw'" } },
	{ "cipsStaticCryptomapType", { "'rw'.10", "'site'.10", "'site'.20", "'by hand'.10" } },
	{ "cipsCryptomapSetIfVirtual", { "3.'site'" } },
	{ "ipsecmonSegmentName", { "1" } },
	{ "ipsecmonFeedName", { "1.1", "1.2" } },
	{ "ipsecmonTunnelName", { "1", "2", "3", "4" } },
	{ "ipsecmonEngineName", { "1", "2" } },
};

/*
 * A line is a scalar, or a column with its value in each row. "-": no such cell. "~" after a number: a clock runs, so
 * the value is this or up to a minute more; before the number: or less. Octets are text; "A:" precedes an address,
 * "x:" hexadecimal digits.
 */
static const struct {
	const char *name;
	const char *value[ROWS_MAX];
} expected[] = {
	/* clang-format off */
	{ "ikePolMapPolicyNum",              { "1" } },
	{ "ipSecPolMapCryptoMapName",        { "site", "-" } },
	{ "ipSecPolMapCryptoMapNum",         { "10", "-" } },
	{ "ipSecPolMapAclString",            { "net", "-" } },
	{ "ipSecPolMapAceString",            { "access-list net permit tcp 10.1.0.0 0.0.255.255 host 10.2.0.1 eq 80", "-" } },
	{ "crasMaxSessionsSupportable",      { "0" } },
	{ "crasMaxUsersSupportable",         { "0" } },
	{ "crasMaxGroupsSupportable",        { "0" } },
	{ "crasNumCryptoAccelerators",       { "0" } },
	{ "crasEmailNumSessions",            { "0" } },
	{ "crasEmailCumulateSessions",       { "0" } },
	{ "crasEmailPeakConcurrentSessions", { "0" } },
	{ "crasLBNumSessions",               { "0" } },
	{ "crasLBCumulateSessions",          { "0" } },
	{ "crasLBPeakConcurrentSessions",    { "0" } },
	{ "crasSVCNumSessions",              { "0" } },
	{ "crasSVCCumulateSessions",         { "0" } },
	{ "crasSVCPeakConcurrentSessions",   { "0" } },
	{ "crasWebvpnNumSessions",           { "0" } },
	{ "crasWebvpnCumulateSessions",      { "0" } },
	{ "crasWebvpnPeakConcurrentSessions", { "0" } },
	{ "crasFailTableSize",               { "4" } },
	{ "crasThrMaxSessions",              { "0" } },
	{ "crasThrMaxFailedAuths",           { "4294967295" } },
	{ "crasThrMaxThroughput",            { "0" } },
	{ "crasCntlTooManySessions",         { "2" } },
	{ "crasCntlTooManyFailedAuths",      { "2" } },
	{ "crasCntlTooHighThroughput",       { "2" } },
	{ "ccaSupportsHwCrypto",             { "1" } },
	{ "ccaSupportsModularHwCrypto",      { "2" } },
	{ "ccaMaxAccelerators",              { "18446744073709551615" } }, /* -1 */
	{ "ccaMaxCryptoThroughput",          { "0" } },
	{ "ccaMaxCryptoConnections",         { "0" } },
	{ "ccaGlobalNumActiveAccelerators",  { "1" } },
	{ "ccaGlobalNumNonOperAccelerators", { "1" } },
	{ "ccaGlobalInOctets",               { "786432" } },
	{ "ccaGlobalOutOctets",              { "786432" } },
	{ "ccaGlobalInPkts",                 { "715" } },
	{ "ccaGlobalOutPkts",                { "700" } },
	{ "ccaGlobalOutErrPkts",             { "2" } },
	{ "ccaAcclEntPhysicalIndex",         { "0", "0" } },
	{ "ccaAcclStatus",                   { "2", "3" } },
	{ "ccaAcclType",                     { "2", "3" } },
	{ "ccaAcclVersion",                  { "xfrm Linux 6.1.0", "eth0 offload" } },
	{ "ccaAcclSlot",                     { "1", "2" } },
	{ "ccaAcclActiveTime",               { "0~", "0" } },
	{ "ccaAcclInPkts",                   { "715", "0" } },
	{ "ccaAcclOutPkts",                  { "700", "0" } },
	{ "ccaAcclOutBadPkts",               { "2", "0" } },
	{ "ccaAcclInOctets",                 { "786432", "0" } },
	{ "ccaAcclOutOctets",                { "786432", "0" } },
	{ "ccaAcclHashOutboundPkts",         { "300", "0" } },
	{ "ccaAcclHashOutboundOctets",       { "262144", "0" } },
	{ "ccaAcclHashInboundPkts",          { "402", "0" } },
	{ "ccaAcclHashInboundOctets",        { "524288", "0" } },
	{ "ccaAcclEncryptPkts",              { "300", "0" } },
	{ "ccaAcclEncryptOctets",            { "262144", "0" } },
	{ "ccaAcclDecryptPkts",              { "400", "0" } },
	{ "ccaAcclDecryptOctets",            { "524288", "0" } },
	{ "ccaAcclTransformsTotal",          { "1402", "0" } },
	{ "ccaAcclDropsPkts",                { "13", "0" } },
	{ "ccaAcclRandRequests",             { "-", "-" } },
	{ "ccaAcclRandReqFails",             { "-", "-" } },
	{ "ccaAcclDHKeysGenerated",          { "0", "0" } },
	{ "ccaAcclDHDerivedSecretKeys",      { "0", "0" } },
	{ "ccaAcclRSAKeysGenerated",         { "0", "0" } },
	{ "ccaAcclRSASignings",              { "0", "0" } },
	{ "ccaAcclRSAVerifications",         { "0", "0" } },
	{ "ccaAcclRSAEncryptPkts",           { "0", "0" } },
	{ "ccaAcclRSAEncryptOctets",         { "0", "0" } },
	{ "ccaAcclRSADecryptPkts",           { "0", "0" } },
	{ "ccaAcclRSADecryptOctets",         { "0", "0" } },
	{ "ccaAcclDSAKeysGenerated",         { "0", "0" } },
	{ "ccaAcclDSASignings",              { "0", "0" } },
	{ "ccaAcclDSAVerifications",         { "0", "0" } },
	{ "ccaAcclOutboundSSLRecords",       { "0", "0" } },
	{ "ccaAcclInboundSSLRecords",        { "0", "0" } },
	{ "ccaProtPktEncryptsReqs",          { "300" } },
	{ "ccaProtPktDecryptsReqs",          { "400" } },
	{ "ccaProtHmacCalcReqs",             { "702" } },
	{ "ccaProtSaCreateReqs",             { "2" } },
	{ "ccaProtSaRekeyReqs",              { "1" } },
	{ "ccaProtSaDeleteReqs",             { "0" } },
	{ "ccaProtPktEncapReqs",             { "300" } },
	{ "ccaProtPktDecapReqs",             { "400" } },
	{ "ccaProtNextPhaseKeyAllocReqs",    { "0" } },
	{ "ccaProtRndGenReqs",               { "-" } },
	{ "ccaProtFailedReqs",               { "15" } },
	{ "ccaNotifCntlAcclInserted",        { "2" } },
	{ "ccaNotifCntlAcclRemoved",         { "2" } },
	{ "ccaNotifCntlAcclOperational",     { "2" } },
	{ "ccaNotifCntlAcclDisabled",        { "2" } },
	{ "cipsIsakmpEnabled",               { "1" } },
	{ "cipsIsakmpIdentity",              { "0" } },
	{ "cipsIsakmpKeepaliveInterval",     { "-" } },
	{ "cipsNumIsakmpPolicies",           { "2" } },
	{ "cipsIsakmpPolEncr",               { "6", "-" } },
	{ "cipsIsakmpPolHash",               { "4", "-" } },
	{ "cipsIsakmpPolAuth",               { "2", "-" } },
	{ "cipsIsakmpPolGroup",              { "32", "-" } },
	{ "cipsIsakmpPolLifetime",           { "14400", "86400" } },
	{ "cipsSALifetime",                  { "-" } },
	{ "cipsSALifesize",                  { "-" } },
	{ "cipsNumStaticCryptomapSets",      { "3" } },
	{ "cipsNumCETCryptomapSets",         { "0" } },
	{ "cipsNumDynamicCryptomapSets",     { "1" } },
	{ "cipsNumTEDCryptomapSets",         { "0" } },
	{ "cipsNumTEDProbesReceived",        { "0" } },
	{ "cipsNumTEDProbesSent",            { "0" } },
	{ "cipsNumTEDFailures",              { "0" } },
	{ "cipsStaticCryptomapSetSize",      { "1", "2", "1" } },
	{ "cipsStaticCryptomapSetNumIsakmp", { "0", "2", "0" } },
	{ "cipsStaticCryptomapSetNumManual", { "0", "0", "1" } },
	{ "cipsStaticCryptomapSetNumCET",    { "0", "0", "0" } },
	{ "cipsStaticCryptomapSetNumDynamic",{ "1", "0", "0" } },
	{ "cipsStaticCryptomapSetNumDisc",   { "0", "0", "0" } },
	{ "cipsStaticCryptomapSetNumSAs",    { "0", "2", "0" } },
	{ "cipsDynamicCryptomapSetSize",     { "1" } },
	{ "cipsDynamicCryptomapSetNumAssoc", { "1" } },
	{ "cipsStaticCryptomapType",         { "4", "2", "2", "1" } },
	{ "cipsStaticCryptomapDescr",        { "any", "net", "dmz", "" } },
	{ "cipsStaticCryptomapPeer",         { "-", "A:198.51.100.2", "-", "-" } },
	{ "cipsStaticCryptomapNumPeers",     { "0", "2", "0", "0" } },
	{ "cipsStaticCryptomapPfs",          { "1", "15", "-", "-" } },
	{ "cipsStaticCryptomapLifetime",     { "120", "3600", "-", "-" } },
	{ "cipsStaticCryptomapLifesize",     { "-", "4608000", "-", "-" } },
	{ "cipsStaticCryptomapLevelHost",    { "2", "2", "2", "2" } },
	{ "cipsCryptomapSetIfVirtual",       { "-" } },
	{ "cipsCryptomapSetIfStatus",        { "1" } },
	{ "cipsMaxSAs",                      { "16" } },
	{ "cips3DesCapable",                 { "-" } },
	{ "cipsCntlIsakmpPolicyAdded",       { "2" } },
	{ "cipsCntlIsakmpPolicyDeleted",     { "2" } },
	{ "cipsCntlCryptomapAdded",          { "2" } },
	{ "cipsCntlCryptomapDeleted",        { "2" } },
	{ "cipsCntlCryptomapSetAttached",    { "2" } },
	{ "cipsCntlCryptomapSetDetached",    { "2" } },
	{ "cipsCntlTooManySAs",              { "2" } },
	{ "ipsecmonAgentVersion",            { "1.2.3" } },
	{ "ipsecmonAgentUpTime",             { "700~" } },
	{ "ipsecmonAgentSegments",           { "1" } },
	{ "ipsecmonAgentRequests",           { "4294967304" } },
	{ "ipsecmonAgentSent",               { "1" } },
	{ "ipsecmonAgentSuppressed",         { "2" } },
	{ "ipsecmonAgentDisabled",           { "3" } },
	{ "ipsecmonAgentWaiting",            { "4" } },
	{ "ipsecmonSegmentName",             { "gw" } },
	{ "ipsecmonSegmentSilence",          { "0~" } },
	{ "ipsecmonSegmentConfigured",       { "4" } },
	{ "ipsecmonSegmentUp",               { "1" } },
	{ "ipsecmonSegmentRefused",          { "7" } },
	{ "ipsecmonSegmentEvents",           { "19" } },
	{ "ipsecmonFeedName",                { "vici", "of my own" } },
	{ "ipsecmonFeedSource",              { "/run/charon.vici", "" } },
	{ "ipsecmonFeedDetail",              { "charon 5.9.8", "" } },
	{ "ipsecmonFeedState",               { "3", "1" } },
	{ "ipsecmonFeedStateAge",            { "500~", "100~" } },
	{ "ipsecmonFeedAnswerAge",           { "200~", "-" } },
	{ "ipsecmonFeedInterval",            { "5", "0" } },
	{ "ipsecmonFeedConnects",            { "2", "0" } },
	{ "ipsecmonFeedErrors",              { "3", "0" } },
	{ "ipsecmonFeedEvents",              { "4294967300", "0" } },
	{ "ipsecmonFeedRejected",            { "5", "0" } },
	{ "ipsecmonFeedOverruns",            { "6", "0" } },
	{ "ipsecmonFeedError",               { "no such file", "" } },
	{ "ipsecmonFeedErrorAge",            { "900~", "-" } },
	{ "ipsecmonFeedCapabilities",        { "x:920040", "-" } },
	{ "ipsecmonTunnelName",              { "site", "site", "rw", "by hand" } },
	{ "ipsecmonTunnelChild",             { "net", "dmz", "any", "" } },
	{ "ipsecmonTunnelKind",              { "1", "1", "2", "1" } },
	{ "ipsecmonTunnelSegment",           { "1", "1", "1", "1" } },
	{ "ipsecmonTunnelAdminStatus",       { "1", "1", "2", "1" } },
	{ "ipsecmonTunnelOperStatus",        { "1", "2", "2", "2" } },
	{ "ipsecmonTunnelStateAge",          { "0~", "0~", "0~", "0~" } },
	{ "ipsecmonTunnelUps",               { "1", "0", "0", "1" } },
	{ "ipsecmonTunnelFlaps",             { "0", "0", "0", "1" } },
	{ "ipsecmonTunnelDownReason",        { "1", "1", "1", "4" } },
	{ "ipsecmonTunnelFailures",          { "0", "1", "0", "0" } },
	{ "ipsecmonTunnelLastFailure",       { "1", "6", "1", "1" } },
	{ "ipsecmonTunnelLastFailText",      { "", "no", "", "" } },
	{ "ipsecmonTunnelLastFailAge",       { "-", "0~", "-", "-" } },
	{ "ipsecmonTunnelPeer",              { "198.51.100.1", "", "%any", "" } },
	{ "ipsecmonTunnelLocalAddr",         { "192.0.2.1", "", "", "" } },
	{ "ipsecmonTunnelRemoteAddr",        { "198.51.100.2", "", "", "" } },
	{ "ipsecmonTunnelActive",            { "1", "0", "0", "0" } },
	{ "ipsecmonTunnelPhase2Index",       { "1", "0", "0", "0" } },
	{ "ipsecmonTunnelPhase1Index",       { "1", "0", "0", "0" } },
	{ "ipsecmonTunnelIkeVersion",        { "2", "0", "0", "0" } },
	{ "ipsecmonTunnelTransform",         { "esp-gcm", "-", "esp-gcm 256", "-" } },
	{ "ipsecmonTunnelInEncryption",      { "AES_CBC_256", "-", "-", "-" } },
	{ "ipsecmonTunnelInIntegrity",       { "HMAC_SHA2_256_128", "-", "-", "-" } },
	{ "ipsecmonTunnelOutEncryption",     { "AES_GCM_16_128", "-", "-", "-" } },
	{ "ipsecmonTunnelOutIntegrity",      { "-", "-", "-", "-" } },
	{ "ipsecmonTunnelDhGroup",           { "CURVE_25519", "-", "-", "-" } },
	{ "ipsecmonTunnelInSpi",             { "3221225473", "-", "-", "-" } },
	{ "ipsecmonTunnelOutSpi",            { "3221225474", "-", "-", "-" } },
	{ "ipsecmonTunnelInOctets",          { "524288", "0", "0", "0" } },
	{ "ipsecmonTunnelOutOctets",         { "262144", "0", "0", "0" } },
	{ "ipsecmonTunnelInRawOctets",       { "600000", "0", "0", "0" } },
	{ "ipsecmonTunnelOutRawOctets",      { "300000", "0", "0", "0" } },
	{ "ipsecmonTunnelInPkts",            { "400", "0", "0", "0" } },
	{ "ipsecmonTunnelOutPkts",           { "300", "0", "0", "0" } },
	{ "ipsecmonTunnelDecrypts",          { "400", "0", "0", "0" } },
	{ "ipsecmonTunnelEncrypts",          { "300", "0", "0", "0" } },
	{ "ipsecmonTunnelInAuths",           { "402", "0", "0", "0" } },
	{ "ipsecmonTunnelOutAuths",          { "300", "0", "0", "0" } },
	{ "ipsecmonTunnelInDrops",           { "7", "0", "0", "0" } },
	{ "ipsecmonTunnelOutDrops",          { "8", "0", "0", "0" } },
	{ "ipsecmonTunnelRekeys",            { "1", "0", "0", "0" } },
	{ "ipsecmonTunnelLifeTime",          { "1200", "-", "60", "-" } },
	{ "ipsecmonTunnelLifeTimeLeft",      { "~1100", "-", "-", "-" } },
	{ "ipsecmonTunnelLifeSize",          { "1024", "-", "-", "-" } },
	{ "ipsecmonTunnelLifeSizeLeft",      { "512", "-", "-", "-" } },
	{ "ipsecmonTunnelIkeLifeTime",       { "14400", "-", "172800", "-" } },
	{ "ipsecmonEngineName",              { "xfrm", "eth0 offload" } },
	{ "ipsecmonEngineKind",              { "2", "3" } },
	{ "ipsecmonEngineVersion",           { "Linux 6.1.0", "" } },
	{ "ipsecmonEngineStatus",            { "1", "2" } },
	{ "ipsecmonEngineSas",               { "2", "0" } },
	{ "ipsecmonNotifyTunnelDown",        { "2" } },
	{ "ipsecmonNotifyTunnelUp",          { "2" } },
	{ "ipsecmonNotifySessionStart",      { "2" } },
	{ "ipsecmonNotifySessionStop",       { "2" } },
	/* clang-format on */
};
/* Of ipsecmonDropTable: tunnel 1, by reason; all others are 0. */
static const uint64_t drops_in[IPM_DROP_COUNT] = { 1, 0, 2, 0, 4 }, drops_out[IPM_DROP_COUNT] = { [6] = 8 };

static struct cell cells[1000]; /* the expected cells, in the order of the names */
static size_t cell_count;

static int
cell_order(const void *a, const void *b)
{
	return name_order(&((const struct cell *)a)->name, &((const struct cell *)b)->name);
}

static void
octets_of(const char *text, struct mib_value *value)
{
	if (strncmp(text, "A:", 2) == 0) {
		struct ipm_addr addr = address(text + 2);
		value->len = addr.len;
		memcpy(value->octets, addr.bytes, addr.len);
	} else if (strncmp(text, "x:", 2) == 0) {
		for (text += 2; *text; text += 2) {
			unsigned octet;
			ck_assert_int_eq(sscanf(text, "%2x", &octet), 1);
			value->octets[value->len++] = (uint8_t)octet;
		}
	} else {
		value->len = (uint32_t)strlen(text);
		memcpy(value->octets, text, value->len);
	}
}

static void
expect_cell(const char *column, const char *row, const char *text)
{
	const struct mib_col *col;
	char name[512];
	ck_assert_msg(text != NULL, "%s: say what there is in each row", column);
	ck_assert_uint_lt(cell_count, MIB_COUNT(cells));
	struct cell *cell = &cells[cell_count];
	table_of(column, strlen(column), &col);
	snprintf(name, sizeof(name), "%s.%s", column, row);
	if (strcmp(text, "-") == 0)
		return;
	*cell = (struct cell){ .label = column, .name = name_of(name), .value = { .type = col->type } };
	if (col->type == MIB_OCTETS) {
		octets_of(text, &cell->value);
	} else {
		cell->less = text[0] == '~' ? 60 : 0;
		cell->value.number = strtoull(text + (text[0] == '~'), NULL, 10);
		cell->more = strchr(text + 1, '~') ? 6000 : 0;
	}
	cell_count++;
}

/* The rows of a column's table; NULL: it is a scalar. */
static const char *const *
rows_for(const char *column)
{
	const struct mib_col *col;
	const struct mib_table *table = table_of(column, strlen(column), &col);
	for (size_t i = 0; i < MIB_COUNT(tables); i++)
		if (table_of(tables[i].column, strlen(tables[i].column), &col) == table)
			return tables[i].row;
	return NULL;
}

static void
given_a_gateway_and_its_cells(void)
{
	given_a_gateway();
	cell_count = 0;
	for (size_t i = 0; i < MIB_COUNT(expected); i++) {
		const char *const *row = rows_for(expected[i].name);
		if (!row)
			expect_cell(expected[i].name, "0", expected[i].value[0]);
		for (size_t r = 0; row && r < ROWS_MAX && row[r]; r++)
			expect_cell(expected[i].name, row[r], expected[i].value[r]);
	}
	for (unsigned map = 1; map <= 4; map++)
		for (unsigned why = 0; why < IPM_DROP_COUNT; why++) {
			char row[32], in[32], out[32];
			snprintf(row, sizeof(row), "%u.%u", map, why + 1);
			snprintf(in, sizeof(in), "%llu", map == 1 ? (unsigned long long)drops_in[why] : 0);
			snprintf(out, sizeof(out), "%llu", map == 1 ? (unsigned long long)drops_out[why] : 0);
			expect_cell("ipsecmonDropInPkts", row, in);
			expect_cell("ipsecmonDropOutPkts", row, out);
		}
	qsort(cells, cell_count, sizeof(cells[0]), cell_order);
}

static void
expect_value(const struct cell *cell, const struct mib_value *value)
{
	const char *where = name_text(&cell->name);
	ck_assert_msg(value->type == cell->value.type, "%s %s: type %d, expected %d", cell->label, where,
		      (int)value->type, (int)cell->value.type);
	if (value->type == MIB_OCTETS)
		ck_assert_msg(value->len == cell->value.len &&
				      memcmp(value->octets, cell->value.octets, value->len) == 0,
			      "%s %s: \"%.*s\", expected \"%.*s\"", cell->label, where, (int)value->len, value->octets,
			      (int)cell->value.len, cell->value.octets);
	else
		ck_assert_msg(value->number + cell->less >= cell->value.number &&
				      value->number <= cell->value.number + cell->more,
			      "%s %s: %llu, expected %llu", cell->label, where, (unsigned long long)value->number,
			      (unsigned long long)cell->value.number);
}

START_TEST(a_walk_gives_every_expected_cell_and_no_other)
{
	struct name at = behind_flow;
	struct mib_value value;
	for (size_t i = 0; i <= cell_count; i++) {
		struct name found = { .len = 0 };
		enum mib_result rc = mib_next(mib, at.id, at.len, false, NULL, 0, found.id, &found.len, &value);
		if (i == cell_count) {
			ck_assert_msg(rc == MIB_END, "%s is not expected", name_text(&found));
			break;
		}
		ck_assert_msg(rc == MIB_OK, "the end, expected %s %s", cells[i].label, name_text(&cells[i].name));
		ck_assert_msg(name_order(&found, &cells[i].name) == 0, "%s, expected %s %s", name_text(&found),
			      cells[i].label, name_text(&cells[i].name));
		expect_value(&cells[i], &value);
		at = found;
	}
	ck_assert_uint_gt(cell_count, 400);
}
END_TEST

START_TEST(get_and_getnext_of_every_cell_agree_with_the_walk)
{
	for (size_t i = 0; i < cell_count; i++) {
		struct name found;
		struct mib_value value;
		mib_request(mib, master_ns);
		ck_assert_msg(mib_get(mib, cells[i].name.id, cells[i].name.len, &value) == MIB_OK, "%s %s",
			      cells[i].label, name_text(&cells[i].name));
		expect_value(&cells[i], &value);
		mib_request(mib, master_ns);
		enum mib_result rc = mib_next(mib, cells[i].name.id, cells[i].name.len, false, NULL, 0, found.id,
					      &found.len, &value);
		ck_assert_int_eq(rc, i + 1 < cell_count ? MIB_OK : MIB_END);
		if (rc != MIB_OK)
			continue;
		ck_assert_msg(name_order(&found, &cells[i + 1].name) == 0, "next to %s: %s, expected %s",
			      name_text(&cells[i].name), name_text(&found), name_text(&cells[i + 1].name));
		expect_value(&cells[i + 1], &value);
	}
}
END_TEST

/* Search from many points: from each prefix of each name, and from just before and after it. */
START_TEST(getnext_from_every_prefix_gives_what_is_behind_it)
{
	for (size_t i = 0; i < cell_count; i++)
		for (size_t len = 9; len < cells[i].name.len; len++)
			for (int off = -1; off <= 1; off++) {
				struct name from = cells[i].name, found;
				struct mib_value value;
				size_t next = 0;
				from.len = len;
				from.id[len - 1] += (mib_subid)off;
				while (next < cell_count && name_order(&cells[next].name, &from) <= 0)
					next++;
				if (name_order(&from, &behind_flow) < 0)
					continue;
				enum mib_result rc =
					mib_next(mib, from.id, from.len, false, NULL, 0, found.id, &found.len, &value);
				ck_assert_msg(rc == (next < cell_count ? MIB_OK : MIB_END), "%s", name_text(&from));
				if (rc == MIB_OK)
					ck_assert_msg(name_order(&found, &cells[next].name) == 0,
						      "next to %s: %s, expected %s", name_text(&from),
						      name_text(&found), name_text(&cells[next].name));
			}
}
END_TEST

/* --- the published modules ----------------------------------------------- */

struct object {
	char name[64], oid[64], kind[16], type[24], access[24], range[512], size[32];
	struct name at;
};
static struct object objects[500];
static size_t object_count;

static void
read_objects(const char *module)
{
	static const mib_subid own[] = { IPSECMON_MIB };
	const char *top = getenv("top_srcdir");
	char path[512], line[1024];
	snprintf(path, sizeof(path), "%s/tests/data/%s.objects", top ? top : ".", module);
	FILE *file = fopen(path, "r");
	ck_assert_msg(file != NULL, "%s is not there", path);
	while (fgets(line, sizeof(line), file)) {
		struct object *o = &objects[object_count];
		if (line[0] == '#')
			continue;
		ck_assert_uint_lt(object_count, MIB_COUNT(objects));
		*o = (struct object){ .at = { .len = 0 } };
		ck_assert_msg(sscanf(line, "%63s %63s %15s %23[^\t]\t%23s %511s %31s", o->name, o->oid, o->kind,
				     o->type, o->access, o->range, o->size) == 7,
			      "%s: cannot read \"%s\"", path, line);
		if (o->oid[0] == '@') {
			memcpy(o->at.id, own, sizeof(own));
			o->at.len = MIB_COUNT(own);
		}
		name_add(&o->at, o->oid[0] == '@' ? o->oid + 2 : o->oid);
		object_count++;
	}
	fclose(file);
}

static void
given_the_published_objects(void)
{
	object_count = 0;
	for (unsigned m = 1; m < MIB_MODULES; m++)
		read_objects(mib_modules[m].name);
	ck_assert_uint_eq(object_count, 67 + 11 + 122 + 74 + 125);
}

static bool
readable(const struct object *o)
{
	/* doc/mibs.md, "Index objects that can be read" */
	if (strcmp(o->name, "crasUsername") == 0 || strcmp(o->name, "crasSessionIndex") == 0)
		return true;
	return (strcmp(o->kind, "scalar") == 0 || strcmp(o->kind, "column") == 0) &&
	       strcmp(o->access, "not-accessible") != 0 && strcmp(o->access, "accessible-for-notify") != 0;
}

static enum mib_type
type_named(const char *name)
{
	static const struct {
		const char *name;
		enum mib_type type;
	} types[] = {
		{ "INTEGER", MIB_INTEGER },     { "OCTET STRING", MIB_OCTETS }, { "BITS", MIB_OCTETS },
		{ "Counter32", MIB_COUNTER },   { "Gauge32", MIB_GAUGE },       { "Unsigned32", MIB_GAUGE },
		{ "Counter64", MIB_COUNTER64 }, { "TimeTicks", MIB_TICKS },     { "OBJECT IDENTIFIER", MIB_OBJECT }
	};
	for (size_t i = 0; i < MIB_COUNT(types); i++)
		if (strcmp(types[i].name, name) == 0)
			return types[i].type;
	ck_abort_msg("what is a %s?", name);
}

START_TEST(every_published_object_is_there_under_its_name_number_and_type)
{
	size_t found = 0, columns = 0;
	given_the_published_objects();
	for (size_t i = 0; i < object_count; i++) {
		const struct mib_col *col;
		if (!readable(&objects[i]))
			continue;
		struct name ours = name_of(objects[i].name); /* says so when there is none */
		table_of(objects[i].name, strlen(objects[i].name), &col);
		ck_assert_msg(name_order(&ours, &objects[i].at) == 0, "%s: published at %s, ours is at %s",
			      objects[i].name, name_text(&objects[i].at), name_text(&ours));
		ck_assert_msg(type_named(objects[i].type) == (enum mib_type)col->type, "%s: type %d, expected %s",
			      objects[i].name, col->type, objects[i].type);
		ck_assert_msg((col->set != NULL) == (strcmp(objects[i].access, "read-write") == 0 &&
						     strcmp(objects[i].name, "cipsCryptomapSetIfStatus") != 0) ||
				      strncmp(objects[i].name, "crasThrMax", 10) == 0, /* published as read-only */
			      "%s: who may write it", objects[i].name);
		found++;
	}
	for (unsigned t = 0; t < mib_view_count; t++)
		if (mib_views[t]->oid[8] != 171 || mib_views[t]->oid[7] != 9)
			columns += mib_views[t]->ncols;
	ck_assert_uint_eq(found, columns);
}
END_TEST

/* Is @p number in "-1..5,9", or one of "up(1),down(2)"? */
static bool
in_range(const char *range, int64_t number)
{
	char copy[512], *save = NULL;
	snprintf(copy, sizeof(copy), "%s", range);
	for (char *part = strtok_r(copy, ",", &save); part; part = strtok_r(NULL, ",", &save)) {
		char *label = strchr(part, '('), *dots = strstr(part, "..");
		int64_t low = strtoll(label ? label + 1 : part, NULL, 10);
		int64_t high = dots ? strtoll(dots + 2, NULL, 10) : low;
		if (number >= low && number <= high)
			return true;
	}
	return false;
}

/* Our additions to the published enumerations: see check_mib_table.c. */
static bool
in_our_additions(const char *column, int64_t number)
{
	static const struct {
		const char *column, *range;
	} ours[] = { { "cipsIsakmpPolEncr", "4..9,99" },
		     { "cipsIsakmpPolHash", "4..6,99" },
		     { "cipsIsakmpPolAuth", "6..8,99" },
		     { "cipsIsakmpPolGroup", "4..38,99" },
		     { "cipsStaticCryptomapPfs", "4..38,99" } };
	for (size_t i = 0; i < MIB_COUNT(ours); i++)
		if (strcmp(column, ours[i].column) == 0)
			return in_range(ours[i].range, number);
	return false;
}

START_TEST(every_value_is_in_the_range_of_its_object)
{
	struct name at = behind_flow;
	struct mib_value value;
	given_the_published_objects();
	for (struct name found; mib_next(mib, at.id, at.len, false, NULL, 0, found.id, &found.len, &value) == MIB_OK;
	     at = found) {
		const struct object *o = NULL;
		for (size_t i = 0; i < object_count && !o; i++)
			if (readable(&objects[i]) && found.len > objects[i].at.len &&
			    memcmp(found.id, objects[i].at.id, objects[i].at.len * sizeof(found.id[0])) == 0)
				o = &objects[i];
		ck_assert_msg(o != NULL, "%s", name_text(&found));
		if (value.type == MIB_OCTETS)
			ck_assert_msg(strcmp(o->size, "-") == 0 || in_range(o->size, value.len), "%s: %u octets",
				      o->name, value.len);
		else if (strcmp(o->range, "-") != 0)
			ck_assert_msg(in_range(o->range, (int64_t)value.number) ||
					      in_our_additions(o->name, (int64_t)value.number),
				      "%s: %lld, published are %s", o->name, (long long)value.number, o->range);
		else if (value.type != MIB_COUNTER64)
			ck_assert_uint_le(value.number, UINT32_MAX);
	}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("views_map_cells");
	TCase *tc = tests_of(suite, "cells", given_a_gateway_and_its_cells);
	tcase_add_test(tc, a_walk_gives_every_expected_cell_and_no_other);
	tcase_add_test(tc, get_and_getnext_of_every_cell_agree_with_the_walk);
	tcase_add_test(tc, getnext_from_every_prefix_gives_what_is_behind_it);
	tcase_add_test(tc, every_value_is_in_the_range_of_its_object);
	tc = tests_of(suite, "nothing", given_tables);
	tcase_add_test(tc, every_published_object_is_there_under_its_name_number_and_type);
	return run_in_scratch("check_views_map_cells", suite);
}
