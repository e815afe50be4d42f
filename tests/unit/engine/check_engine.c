/* SPDX-License-Identifier: ISC */
/*
 * Two engines in this process that send packets to each other while a reader runs, and an engine with a peer that the
 * test plays. tests/lab/it_engine.sh tests the program.
 */

#include "engine_fixture.h"

/* --- two engines --------------------------------------------------------- */

#define PACKETS 3000

struct side {
	struct engine e;
	struct laws laws;
	struct conf *common;
	struct engine_conf conf;
	char segment[SCRATCH_PATH];
	int notify;
};

/* All but engine_begin(). */
static void
side_opens(struct side *s, const char *name, const char *text)
{
	char file[SCRATCH_PATH], error[512];
	snprintf(file, sizeof(file), "%s.conf", name);
	s->common = engine_conf_load(given_file(file, text, 0600), &s->conf, error, sizeof(error));
	ck_assert_msg(s->common != NULL, "%s", error);
	ck_assert_msg(engine_plan_make(&s->conf, name, &s->e.plan, &err) == 0, "%s", err.text);
	struct ipm_writer_options opt = { .path = s->segment, .name = name, .mode = 0600 };
	opt.capacity = (struct ipm_capacity){ .tunnels = 8,
					      .selectors = 8,
					      .sas = 64,
					      .feeds = 1,
					      .interfaces = 2,
					      .maps = 8,
					      .access = 8,
					      .engines = 1,
					      .events = 64,
					      .history = 16,
					      .failures = 16,
					      .lanes = s->conf.engine.workers };
	ck_assert_msg(ipm_writer_open(&s->e.writer, &opt, &err) == 0, "%s", err.text);
	s->notify = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	s->e.conf = &s->conf;
	s->e.tunnel = calloc(8, sizeof(*s->e.tunnel));
	s->e.generator = calloc(8, sizeof(*s->e.generator));
	s->e.interface = calloc(8, sizeof(*s->e.interface));
	s->e.unsent = calloc(8, sizeof(*s->e.unsent));
	s->e.reported = calloc(8, sizeof(*s->e.reported));
	for (uint32_t i = 0; i < s->conf.generators; i++)
		engine_generator_init(&s->e.generator[i], &s->e.plan.generator[i],
				      &s->e.plan.tunnel[s->e.plan.generator[i].tunnel]);
	ck_assert_msg(engine_workers_open(&s->e.workers, &s->e.plan, ipm_writer_fast(s->e.writer), s->e.generator,
					  s->notify, &err) == 0,
		      "%s", err.text);
	ck_assert_int_eq(engine_workers_start(s->e.workers, s->conf.engine.workers), 0);
}

/* Start, with the segment of an earlier run if there is one. */
static void
side_goes_on(struct side *s, const char *name, const char *text)
{
	side_opens(s, name, text);
	ck_assert_int_eq(engine_begin(&s->e, name), 0);
}

/* The laws of laws.h hold. No packet is on its way now. */
static void
expect_laws(struct side *s)
{
	ipm_writer_commit(s->e.writer);
	const char *broken = laws_broken(&s->laws, ipm_writer_segment(s->e.writer));
	if (broken)
		ck_abort_msg("%s", broken);
}

static uint64_t
all_drops(const struct ipm_traffic *t)
{
	uint64_t all = 0;
	for (int i = 0; i < IPM_DROP_COUNT; i++)
		all += t->drops[i];
	return all;
}

static void
side_begins(struct side *s, const char *name, const char *text)
{
	memset(s, 0, sizeof(*s));
	path_in_scratch(s->segment);
	side_goes_on(s, name, text);
}

static void
side_frees(struct side *s)
{
	engine_plan_free(&s->e.plan);
	ipm_writer_close(s->e.writer);
	free(s->e.tunnel);
	free(s->e.generator);
	free(s->e.interface);
	free(s->e.unsent);
	free(s->e.reported);
	close(s->notify);
	engine_conf_clear(&s->conf);
	conf_free(s->common);
	s->e = (struct engine){ 0 };
}

static void
side_ends(struct side *s)
{
	engine_workers_close(s->e.workers, s->conf.engine.workers);
	expect_laws(s);
	engine_end(&s->e);
	expect_laws(s);
	laws_forget(&s->laws);
	side_frees(s);
}

static void
free_list(struct engine_sa *sa)
{
	while (sa) {
		struct engine_sa *sibling = sa->sibling;
		esp_sa_free(sa->esp);
		free(sa);
		sa = sibling;
	}
}

/* As if the process was killed: nothing more is written to the segment. */
static void
side_is_killed(struct side *s)
{
	engine_workers_close(s->e.workers, s->conf.engine.workers);
	for (uint32_t i = 0; i < s->conf.tunnels; i++) {
		free_list(s->e.tunnel[i].in);
		free_list(s->e.tunnel[i].out);
	}
	side_frees(s);
}

/* Reads a segment again and again until it is stopped. No counter may go back. */
struct reading {
	const char *path;
	_Atomic bool stop;
	bool went_back;
	uint64_t rounds;
};

static void *
read_on(void *arg)
{
	struct reading *r = arg;
	struct ipm_segment *seg;
	struct ipm_error e;
	struct ipm_totals now, last = { 0 };
	struct ipm_map_entry map, map_last[8] = { 0 };

	if (ipm_segment_attach(&seg, r->path, &e) < 0)
		return NULL;
	while (!r->stop) {
		if (ipm_totals_read(seg, &now) == 0) {
			r->went_back |= now.in.pkts < last.in.pkts || now.out.pkts < last.out.pkts ||
					now.out.octets < last.out.octets ||
					now.in.drops[IPM_DROP_AUTH] < last.in.drops[IPM_DROP_AUTH];
			last = now;
		}
		for (uint32_t i = 0; i < ipm_segment_used(seg, IPM_MAPS); i++)
			if (ipm_map_read(seg, i, &map) == 0) {
				r->went_back |=
					map.out.pkts < map_last[i].out.pkts || map.in.pkts < map_last[i].in.pkts;
				map_last[i] = map;
			}
		r->rounds++;
	}
	ipm_segment_close(seg);
	return NULL;
}

/* Write key files for both ends: @p n keys per direction. */
static void
given_keys(char east[SCRATCH_PATH], char west[SCRATCH_PATH], const char *name, uint32_t spi, unsigned n)
{
	static char a[65536], b[65536];
	size_t used_a = 0, used_b = 0;
	for (unsigned i = 0; i < 2 * n; i++) {
		char key[73];
		for (int k = 0; k < 36; k++)
			snprintf(key + 2 * k, 3, "%02x", (unsigned)rand() & 0xff);
		used_a += (size_t)snprintf(a + used_a, sizeof(a) - used_a, "%s %u %s\n", i % 2 ? "in" : "out", spi + i,
					   key);
		used_b += (size_t)snprintf(b + used_b, sizeof(b) - used_b, "%s %u %s\n", i % 2 ? "out" : "in", spi + i,
					   key);
	}
	char file[64];
	snprintf(file, sizeof(file), "east-%s.keys", name);
	snprintf(east, SCRATCH_PATH, "%s", given_file(file, a, 0600));
	snprintf(file, sizeof(file), "west-%s.keys", name);
	snprintf(west, SCRATCH_PATH, "%s", given_file(file, b, 0600));
}

/* A port that is free now. */
static unsigned
free_port(void)
{
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(in);
	int fd = socket(AF_INET, SOCK_DGRAM, 0);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&in, len), 0);
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&in, &len), 0);
	close(fd);
	return ntohs(in.sin_port);
}

static struct ipm_map_entry
entry_of(const struct side *s, uint32_t tunnel)
{
	struct ipm_map_entry map;
	ck_assert_int_eq(ipm_map_read(ipm_writer_segment(s->e.writer), s->e.tunnel[tunnel].map, &map), 0);
	return map;
}

static bool
all_sent(const struct side *s)
{
	for (uint32_t i = 0; i < s->conf.generators; i++)
		if (!s->e.generator[i].finished)
			return false;
	return true;
}

/* Start two engines: two tunnels to the other one, and a generator of packets in each. */
static void
given_two_engines(struct side side[2])
{
	char text[2][2048], a[2][SCRATCH_PATH], b[2][SCRATCH_PATH];
	unsigned port[2] = { free_port(), free_port() };
	given_keys(a[0], a[1], "a", 1000, 12);
	given_keys(b[0], b[1], "b", 2000, 1);
	for (int i = 0; i < 2; i++)
		snprintf(text[i], sizeof(text[i]),
			 "engine { workers = 2 }\nendpoint wan { address = \"127.0.0.1\" port = %u }\n"
			 "tunnel a { endpoint = wan peer = \"127.0.0.1\" peer-port = %u keys = \"%s\" suite = "
			 "aes256gcm16\n"
			 "           local-ts = \"10.%d.0.0/16\" remote-ts = \"10.%d.0.0/16\" soft-packets = 300 "
			 "overlap = 0 }\n"
			 "tunnel b { endpoint = wan peer = \"127.0.0.1\" peer-port = %u keys = \"%s\"\n"
			 "           suite = chacha20poly1305 mode = transport esn = false }\n"
			 "generator a { tunnel = a rate = 2000 packets = %d size = 200 tamper = 50 replay = 70 }\n"
			 "generator b { tunnel = b rate = 2000 packets = %d size = 64 wrong-spi = 10 truncate = 20 }\n",
			 port[i], port[1 - i], a[i], i, 1 - i, port[1 - i], b[i], PACKETS, PACKETS);
	side_begins(&side[1], "west", text[1]);
	side_begins(&side[0], "east", text[0]);
}

/* All packets of the other side have arrived. Drops without an SA are published once a second. */
static bool
all_arrived(const struct side *s)
{
	struct ipm_totals totals;
	return entry_of(s, 0).in.pkts == PACKETS - 60 && entry_of(s, 1).in.pkts == PACKETS - 449 &&
	       ipm_totals_read(ipm_writer_segment(s->e.writer), &totals) == 0 && totals.in.drops[IPM_DROP_NO_SA] == 300;
}

/* Let both engines work until @p done is true for each. They need a few seconds; a slow machine has 60. */
static void
tick_until(struct side side[2], bool (*done)(const struct side *))
{
	for (int tries = 0; tries < 60000 && !(done(&side[0]) && done(&side[1])); tries++) {
		engine_tick(&side[0].e);
		engine_tick(&side[1].e);
		usleep(1000);
	}
}

/* The counters of a side: packets sent and received over both tunnels. */
static void
expect_both_tunnels(struct side *s)
{
	struct ipm_map_entry a = entry_of(s, 0), b = entry_of(s, 1);
	struct ipm_totals totals;
	struct ipm_engine engine;
	ck_assert_uint_eq(a.out.pkts, PACKETS);
	ck_assert_uint_eq(a.out.octets, 200 * PACKETS);
	ck_assert_uint_eq(a.in.pkts, PACKETS - 60);
	ck_assert_uint_eq(a.in.drops[IPM_DROP_AUTH], 60);
	ck_assert_uint_eq(a.in.drops[IPM_DROP_REPLAY], 42);
	ck_assert_uint_eq(b.out.pkts, PACKETS);
	ck_assert_uint_eq(b.in.pkts, PACKETS - 449);
	ck_assert_uint_eq(b.in.drops[IPM_DROP_MALFORMED], 149); /* the last packet already had a wrong SPI */
	/* One packet, one count: each packet sent (some were sent twice) was opened or dropped. */
	ck_assert_uint_eq(a.in.pkts + all_drops(&a.in), PACKETS + 42);
	ck_assert_uint_eq(b.in.pkts + all_drops(&b.in), PACKETS - 300);
	ck_assert_uint_eq(all_drops(&a.out) + all_drops(&b.out), 0);
	ck_assert_int_eq(ipm_totals_read(ipm_writer_segment(s->e.writer), &totals), 0);
	ck_assert_uint_eq(totals.in.pkts, 2 * PACKETS - 509);
	ck_assert_uint_eq(totals.in.drops[IPM_DROP_NO_SA], 300);
	ck_assert_uint_eq(totals.in.pkts + all_drops(&totals.in), 2 * PACKETS + 42);
	ck_assert_int_eq(ipm_engine_read(ipm_writer_segment(s->e.writer), 0, &engine), 0);
	ck_assert_uint_eq(engine.out.pkts, 2 * PACKETS);
	ck_assert_uint_eq(engine.in.pkts, 2 * PACKETS - 509);
	/* A new key after 300 packets, plus those that the workers send until the next tick. */
	ck_assert_uint_ge(a.refreshes, 1);
	ck_assert_uint_le(a.refreshes, PACKETS / 300);
	ck_assert_uint_eq(b.refreshes, 0);
	ck_assert_uint_eq(engine.rekeys, a.refreshes);
}

START_TEST(what_one_seals_the_other_opens_through_rekeys_with_a_reader_beside)
{
	static struct side side[2];
	given_two_engines(side);
	struct reading reading = { .path = side[0].segment };
	pthread_t reader;
	ck_assert_int_eq(pthread_create(&reader, NULL, read_on, &reading), 0);
	tick_until(side, all_sent);
	tick_until(side, all_arrived);
	reading.stop = true;
	pthread_join(reader, NULL);
	ck_assert(!reading.went_back);
	ck_assert_uint_gt(reading.rounds, 0);
	for (int i = 0; i < 2; i++) {
		expect_both_tunnels(&side[i]);
		expect_laws(&side[i]);
		side_ends(&side[i]);
	}
}
END_TEST

/* --- a peer that the test plays ------------------------------------------ */

#define PEER_SENT 20000

static struct side alone;
static char alone_text[1024];
static unsigned alone_port;
static int peer_socket;
static const uint8_t peer_key[2][20] = { { 1, 2, 3 }, { 4, 5, 6 } };
static struct {
	uint8_t esp[256];
	size_t len;
} peer_sent[PEER_SENT];
static unsigned peer_sends;

/* Configuration of an engine with one tunnel, which has two inbound keys and an outbound one, to @p peer. */
static void
given_a_peer_for_one_engine(const char *peer, const char *tunnel, const char *sections)
{
	char hex[2][41], text[512];
	unsigned peer_port = free_port();
	struct sockaddr_in in = { .sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
				  .sin_port = htons((uint16_t)peer_port) };

	for (int k = 0; k < 2; k++)
		for (int i = 0; i < 20; i++)
			snprintf(hex[k] + 2 * i, 3, "%02x", peer_key[k][i]);
	snprintf(text, sizeof(text), "in 2000 %s\nin 2001 %s\nout 1000 " KEY_20 "\n", hex[0], hex[1]);
	const char *keys = given_file("alone.keys", text, 0600);
	peer_socket = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	ck_assert_int_eq(bind(peer_socket, (struct sockaddr *)&in, sizeof(in)), 0);
	alone_port = free_port();
	snprintf(alone_text, sizeof(alone_text),
		 "endpoint wan { address = \"127.0.0.1\" port = %u }\n"
		 "tunnel a { endpoint = wan peer = \"%s\" peer-port = %u keys = \"%s\" suite = aes128gcm16\n"
		 "           local-ts = \"10.1.0.0/16\" remote-ts = \"10.2.0.0/16\" %s }\n%s\n",
		 alone_port, peer, peer_port, keys, tunnel, sections);
}

static void
given_an_engine_alone(const char *peer, const char *tunnel, const char *sections)
{
	given_a_peer_for_one_engine(peer, tunnel, sections);
	side_begins(&alone, "alone", alone_text);
}

static void
peer_sends_again(unsigned from, unsigned to)
{
	struct sockaddr_in in = { .sin_family = AF_INET,
				  .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
				  .sin_port = htons((uint16_t)alone_port) };
	for (unsigned i = from; i < to; i++)
		ck_assert_int_eq(
			sendto(peer_socket, peer_sent[i].esp, peer_sent[i].len, 0, (struct sockaddr *)&in, sizeof(in)),
			peer_sent[i].len);
}

/* The peer sends @p n packets with one of the keys, from its subnet or from another one. */
static void
peer_seals(struct esp_sa *sa, unsigned n, uint8_t net)
{
	uint8_t inner[64] = { 0x45, 0, 0, sizeof(inner), [8] = 64, [9] = 17 };
	const uint8_t addresses[8] = { 10, net, 0, 1, 10, 1, 0, 1 };

	memcpy(inner + 12, addresses, sizeof(addresses));
	for (; n > 0; n--, peer_sends++) {
		ck_assert_uint_lt(peer_sends, PEER_SENT);
		peer_sent[peer_sends].len = sizeof(peer_sent[0].esp);
		ck_assert_int_eq(
			esp_seal(sa, 0, 4, inner, sizeof(inner), peer_sent[peer_sends].esp, &peer_sent[peer_sends].len),
			ESP_OK);
		peer_sends_again(peer_sends, peer_sends + 1);
	}
}

static struct esp_sa *
peer_sa(int key, uint8_t esn)
{
	struct esp_sa *sa;
	const struct esp_conf as = { .direction = IPM_OUT,
				     .mode = IPM_ENCAP_TUNNEL,
				     .spi = 2000 + (uint32_t)key,
				     .proposal = { .encr = IPM_ENCR_AES_GCM_16, .encr_bits = 128, .esn = esn },
				     .encr_key = peer_key[key],
				     .encr_key_len = 20 };
	ck_assert_int_eq(esp_sa_new(&as, &sa), 0);
	return sa;
}

/* Wait until the tunnel has counted this many packets and drops, but no more. */
static struct ipm_map_entry
expect_counted(enum ipm_direction direction, uint64_t pkts, uint64_t drops)
{
	for (int tries = 0;; tries++) {
		struct ipm_map_entry map = entry_of(&alone, 0);
		const struct ipm_traffic *t = direction == IPM_IN ? &map.in : &map.out;
		uint64_t all = all_drops(t);
		ck_assert_msg(tries < 6000 && t->pkts <= pkts && all <= drops,
			      "%ju packets and %ju drops, not %ju and %ju", (uintmax_t)t->pkts, (uintmax_t)all,
			      (uintmax_t)pkts, (uintmax_t)drops);
		if (t->pkts == pkts && all == drops)
			return map;
		usleep(10000);
	}
}

START_TEST(after_a_kill_nothing_that_came_in_before_comes_in_again)
{
	uint8_t esn = (uint8_t)_i;

	given_an_engine_alone("127.0.0.1", esn ? "esn = true" : "esn = false", "");
	struct esp_sa *first = peer_sa(0, esn), *second = peer_sa(1, esn);
	peer_seals(first, 50, 2);
	expect_counted(IPM_IN, 50, 0);
	engine_tick(&alone.e);
	/* Only the segment knows about the next packets. The next key is already in use. */
	peer_seals(first, 40, 2);
	peer_seals(second, 30, 2);
	expect_counted(IPM_IN, 120, 0);
	for (int kills = 0; kills < 3; kills++) {
		side_is_killed(&alone);
		side_opens(&alone, "alone", alone_text); /* a run that cannot begin changes nothing */
		engine_workers_close(alone.e.workers, alone.conf.engine.workers);
		engine_end(&alone.e);
		side_frees(&alone);
		side_goes_on(&alone, "alone", alone_text);
	}
	expect_laws(&alone);
	expect_counted(IPM_IN, 120, 0);
	peer_sends_again(0, 120);
	expect_counted(IPM_IN, 120, 120);
	/* New packets are accepted, from the first one on. */
	peer_seals(first, 1, 2);
	peer_seals(second, 30, 2);
	expect_counted(IPM_IN, 151, 120);
	esp_sa_free(first);
	esp_sa_free(second);
	side_ends(&alone);
	close(peer_socket);
}
END_TEST

/* Run the same engine as a separate process. */
static pid_t
alone_runs(void)
{
	pid_t pid = fork();
	ck_assert_int_ge(pid, 0);
	if (pid > 0)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	side_goes_on(&alone, "alone", alone_text);
	for (;;) {
		engine_tick(&alone.e);
		usleep(1000);
	}
}

/* Incoming packets: those opened, and all. */
static uint64_t
alone_opened(uint64_t *all)
{
	struct ipm_segment *seg;
	struct ipm_totals totals = { 0 };
	*all = 0;
	if (ipm_segment_attach(&seg, alone.segment, &err) < 0)
		return 0;
	int rc = ipm_totals_read(seg, &totals);
	ipm_segment_close(seg);
	*all = rc == 0 ? totals.in.pkts + all_drops(&totals.in) : 0;
	return rc == 0 ? totals.in.pkts : 0;
}

/* Send all packets again, with new ones in between. Return how many were opened: each one sent is opened or dropped. */
static uint64_t
peer_sends_all_again(struct esp_sa *sa)
{
	unsigned sent = peer_sends;
	uint64_t before, all, opened = alone_opened(&before);
	for (unsigned i = 0, n = 0; i < sent; i += 100) {
		unsigned end = i + 100 < sent ? i + 100 : sent;
		peer_sends_again(i, end);
		peer_seals(sa, 1, 2);
		n += end - i + 1;
		/* The socket must have room for all packets. */
		for (int tries = 0; alone_opened(&all), all < before + n; tries++) {
			ck_assert_int_lt(tries, 60000);
			usleep(1000);
		}
		ck_assert_uint_eq(all, before + n);
	}
	return alone_opened(&all) - opened;
}

/* The highest sequence number of the first inbound SA in the segment. */
static uint64_t
alone_seq(void)
{
	struct ipm_sa sa;
	int slot = ipm_sa_named(alone.e.writer, 50, 2000, -1);
	ck_assert_int_ge(slot, 0);
	ck_assert_int_eq(ipm_sa_read(ipm_writer_segment(alone.e.writer), (uint32_t)slot, &sa), 0);
	return sa.seq;
}

/* A packet accepted at the moment of the kill may not be counted. So compare sequence numbers. */
START_TEST(killed_in_the_middle_of_its_work_it_accepts_no_packet_twice)
{
	uint64_t opened = 0, all;

	given_a_peer_for_one_engine("127.0.0.1", "replay-window = 64", "");
	path_in_scratch(alone.segment);
	struct esp_sa *sa = peer_sa(0, 1);
	for (unsigned round = 0; round < 5; round++) {
		pid_t pid = alone_runs();
		for (uint64_t more = opened + 100 + 37 * round; opened < more; opened = alone_opened(&all)) {
			if (peer_sends < (round + 1) * 2000)
				peer_seals(sa, 10, 2);
			usleep(500);
		}
		peer_seals(sa, 50, 2);
		ck_assert_int_eq(kill(pid, SIGKILL), 0);
		waitpid(pid, NULL, 0);
	}
	side_goes_on(&alone, "alone", alone_text);
	unsigned sent = peer_sends;
	uint64_t never_seen = sent - alone_seq();
	opened = peer_sends_all_again(sa);
	unsigned new = peer_sends - sent;
	ck_assert_uint_ge(opened, new);
	ck_assert_uint_le(opened, new + never_seen);
	sent = peer_sends;
	opened = peer_sends_all_again(sa);
	ck_assert_uint_eq(opened, peer_sends - sent);
	ck_assert_uint_le(alone_opened(&all), peer_sends);
	esp_sa_free(sa);
	side_ends(&alone);
	close(peer_socket);
}
END_TEST

/* The engine sends no packet, in a time in which it would send many. */
static void
expect_silence(void)
{
	uint8_t esp[512];
	for (int i = 0; i < 50; i++) {
		engine_tick(&alone.e);
		usleep(2000);
	}
	ck_assert_int_lt(recv(peer_socket, esp, sizeof(esp), MSG_DONTWAIT), 0);
}

/* With an inbound SA that still overlaps, and after the end of the tunnel. */
START_TEST(keys_that_were_used_up_before_a_kill_are_not_used_again)
{
	uint8_t esp[512];

	given_an_engine_alone("127.0.0.1", _i ? "hard-packets = 100 overlap = 0" : "hard-packets = 100 overlap = 600",
			      "generator a { tunnel = a rate = 1000 packets = 200 size = 100 }");
	for (int i = 0; i < 100; i++)
		ck_assert_int_gt(recv(peer_socket, esp, sizeof(esp), 0), 8);
	for (int tries = 0; _i ? alone.e.tunnel[0].slot >= 0 : !alone.e.tunnel[0].over || alone.e.tunnel[0].out;
	     tries++) {
		ck_assert_int_lt(tries, 60000);
		engine_tick(&alone.e);
		usleep(1000);
	}
	for (unsigned kills = 0; kills < 2; kills++) {
		side_is_killed(&alone);
		side_goes_on(&alone, "alone", alone_text);
		expect_silence();
		ck_assert_int_lt(alone.e.tunnel[0].slot, 0);
		struct ipm_failure failure;
		ck_assert_int_eq(
			ipm_failure_read(ipm_writer_segment(alone.e.writer), IPM_TUNNEL_FAILURES, kills, &failure), 0);
		ck_assert_ptr_nonnull(strstr(failure.text, "new keys"));
	}
	/* The operator stopped the engine and gave it new keys. */
	side_ends(&alone);
	side_goes_on(&alone, "alone", alone_text);
	for (int i = 0; i < 100; i++)
		ck_assert_int_gt(recv(peer_socket, esp, sizeof(esp), 0), 8);
	side_ends(&alone);
	close(peer_socket);
}
END_TEST

START_TEST(after_a_kill_no_sequence_number_is_sent_again)
{
	uint8_t esp[512], was[1000] = { 0 };

	given_an_engine_alone("127.0.0.1", "", "generator a { tunnel = a rate = 1000 packets = 100 size = 100 }");
	for (unsigned run = 0; run < 3; run++) {
		if (run > 0) {
			side_is_killed(&alone);
			side_goes_on(&alone, "alone", alone_text);
		}
		expect_counted(IPM_OUT, 100 * (run + 1), 0);
		for (int i = 0; i < 100; i++) {
			ck_assert_int_gt(recv(peer_socket, esp, sizeof(esp), 0), 8);
			unsigned seq = (unsigned)esp[4] << 24 | (unsigned)esp[5] << 16 | (unsigned)esp[6] << 8 | esp[7];
			ck_assert_uint_lt(seq, sizeof(was));
			ck_assert(!was[seq]);
			was[seq] = 1;
		}
	}
	side_ends(&alone);
	close(peer_socket);
}
END_TEST

START_TEST(a_packet_that_policy_rejects_is_a_drop_and_no_packet)
{
	given_an_engine_alone("127.0.0.1", "", "");
	struct esp_sa *sa = peer_sa(0, 1);
	peer_seals(sa, 10, 3); /* their source is not in the peer's subnet */
	peer_seals(sa, 5, 2);
	struct ipm_map_entry map = expect_counted(IPM_IN, 5, 10);
	ck_assert_uint_eq(map.in.drops[IPM_DROP_POLICY], 10);
	ck_assert_uint_eq(map.in.octets, 5 * 64);
	esp_sa_free(sa);
	side_ends(&alone);
	close(peer_socket);
}
END_TEST

START_TEST(a_packet_that_could_not_be_sent_is_a_drop_and_no_packet)
{
	/* From a loopback address to another network: the system refuses to send this. */
	given_an_engine_alone("192.0.2.1", "",
			      "generator a { tunnel = a rate = 2000 packets = 300 size = 100 replay = 10 }");
	struct ipm_map_entry map = expect_counted(IPM_OUT, 0, 300);
	ck_assert_uint_eq(map.out.octets, 0);
	ck_assert_uint_eq(alone.e.generator[0].sent, 300);
	side_ends(&alone);
	close(peer_socket);
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("engine");
	TCase *tc = tcase_create("engine");
	tcase_set_timeout(tc, 120);
	tcase_add_test(tc, what_one_seals_the_other_opens_through_rekeys_with_a_reader_beside);
	tcase_add_loop_test(tc, after_a_kill_nothing_that_came_in_before_comes_in_again, 0, 2);
	tcase_add_test(tc, killed_in_the_middle_of_its_work_it_accepts_no_packet_twice);
	tcase_add_test(tc, after_a_kill_no_sequence_number_is_sent_again);
	tcase_add_loop_test(tc, keys_that_were_used_up_before_a_kill_are_not_used_again, 0, 2);
	tcase_add_test(tc, a_packet_that_policy_rejects_is_a_drop_and_no_packet);
	tcase_add_test(tc, a_packet_that_could_not_be_sent_is_a_drop_and_no_packet);
	suite_add_tcase(suite, tc);
	return run_in_scratch("check_engine", suite);
}
