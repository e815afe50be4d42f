/* SPDX-License-Identifier: ISC */
/* The JSON agrees with doc/json.md: each printed key is in a table there, and each key of a table is printed. */
#include "cli_fixture.h"
#include "ipm_int.h"

#define OBJECTS_MAX 40
#define KEYS_MAX    48

/* ---- the tables ---- */

struct key {
	char name[64], type[96];
	bool seen; /* it had a value other than null */
};

struct object {
	char name[32];
	struct key key[KEYS_MAX];
	size_t keys;
};

static struct {
	struct object object[OBJECTS_MAX];
	size_t objects;
	char command[20][64], lists[20][96]; /* "| `command` | `list`, `list` |" */
	size_t commands;
} doc;

static struct object *
object_named(const char *name)
{
	for (size_t i = 0; i < doc.objects; i++)
		if (strcmp(doc.object[i].name, name) == 0)
			return &doc.object[i];
	ck_abort_msg("doc/json.md has no object %s", name);
}

static struct key *
key_named(struct object *object, const char *name)
{
	for (size_t i = 0; i < object->keys; i++)
		if (strcmp(object->key[i].name, name) == 0)
			return &object->key[i];
	return NULL;
}

static void
read_tables(void)
{
	const char *top = getenv("top_srcdir");
	char path[512], line[512];
	memset(&doc, 0, sizeof(doc));
	snprintf(path, sizeof(path), "%s/doc/json.md", top ? top : ".");
	FILE *f = fopen(path, "r");
	ck_assert_msg(f != NULL, "%s", path);
	while (fgets(line, sizeof(line), f)) {
		char name[64], type[96];
		if (sscanf(line, "## %31[a-z_]", name) == 1) {
			ck_assert_uint_lt(doc.objects, OBJECTS_MAX);
			strcpy(doc.object[doc.objects++].name, name);
		} else if (sscanf(line, "| `%63[^`]` | %95[^|]|", name, type) == 2) {
			type[strlen(type) - 1] = '\0';
			if (doc.objects == 0) {
				strcpy(doc.command[doc.commands], name);
				strcpy(doc.lists[doc.commands++], type);
				continue;
			}
			struct object *object = &doc.object[doc.objects - 1];
			ck_assert_uint_lt(object->keys, KEYS_MAX);
			ck_assert_msg(!key_named(object, name), "doc/json.md has %s of %s twice", name, object->name);
			struct key *key = &object->key[object->keys++];
			snprintf(key->name, sizeof(key->name), "%s", name);
			snprintf(key->type, sizeof(key->type), "%s", type);
		}
	}
	fclose(f);
	ck_assert_uint_gt(doc.objects, 20);
	ck_assert_uint_gt(doc.commands, 8);
}

/* ---- is it so? ---- */

static void compare_object(json_t *value, const char *name, const char *lists);

/* @p type: "text", "integer", "boolean", "[object](#object)". */
static void
compare_value(json_t *value, const char *type, const char *where)
{
	char name[32];
	bool right = true;
	if (sscanf(type, "[%31[a-z_]]", name) == 1)
		compare_object(value, name, NULL);
	else if (strcmp(type, "text") == 0)
		right = json_is_string(value);
	else if (strcmp(type, "integer") == 0)
		right = json_is_integer(value);
	else if (strcmp(type, "boolean") == 0)
		right = json_is_boolean(value);
	else
		ck_abort_msg("doc/json.md: %s: there is no type \"%s\"", where, type);
	ck_assert_msg(right, "%s is no %s", where, type);
}

static void
compare_key(json_t *value, struct key *key, const char *object)
{
	char type[96], where[128];
	json_t *element;
	size_t i;
	snprintf(where, sizeof(where), "%s of %s", key->name, object);
	snprintf(type, sizeof(type), "%s", key->type);
	char *or_null = strstr(type, " or null");
	if (or_null)
		*or_null = '\0';
	ck_assert_msg(value != NULL, "%s is in doc/json.md and not printed", where);
	if (json_is_null(value)) {
		ck_assert_msg(or_null != NULL, "%s is null", where);
		return;
	}
	if (strncmp(type, "list of ", 8) != 0) {
		key->seen = true;
		compare_value(value, type, where);
		return;
	}
	ck_assert_msg(json_is_array(value), "%s is no list", where);
	json_array_foreach(value, i, element)
	{
		key->seen = true;
		compare_value(element, type + 8, where);
	}
}

/* Does the key belong to a list that only other commands have? @p lists: the lists of this command; NULL: any. */
static bool
is_of_another_command(const char *key, const char *lists)
{
	char quoted[80];
	bool any = false;
	snprintf(quoted, sizeof(quoted), "`%s`", key);
	for (size_t i = 0; i < doc.commands; i++)
		any |= strstr(doc.lists[i], quoted) != NULL;
	return lists && any && !strstr(lists, quoted);
}

static void
compare_object(json_t *value, const char *name, const char *lists)
{
	struct object *object = object_named(name);
	const char *key;
	json_t *unused;
	ck_assert_msg(json_is_object(value), "%s is no object", name);
	json_object_foreach(value, key, unused)
	{
		ck_assert_msg(key_named(object, key) != NULL, "%s of %s is not in doc/json.md", key, name);
		ck_assert_msg(!is_of_another_command(key, lists), "%s is not a list of this command", key);
		ck_assert_msg(!strchr(key, '-'), "%s has a hyphen", key);
	}
	for (size_t i = 0; i < object->keys; i++)
		if (!is_of_another_command(object->key[i].name, lists))
			compare_key(json_object_get(value, object->key[i].name), &object->key[i], name);
}

static json_t *
json_of(const char *command)
{
	char line[96];
	json_error_t why;
	snprintf(line, sizeof(line), "--json %s", command);
	run(line);
	json_t *j = json_loads(out, JSON_REJECT_DUPLICATES, &why);
	ck_assert_msg(j != NULL, "%s: %s in %s", command, why.text, out);
	expect_int(j, "schema", CLI_SCHEMA);
	return j;
}

/* ---- a segment with records of every kind ---- */

#define AGO (ipm_now_ns() - 7 * (uint64_t)SECOND)

static const struct ipm_proposal a_proposal = { .encr = IPM_ENCR_AES_CBC,
						.encr_bits = 256,
						.integ = IPM_INTEG_HMAC_SHA2_256_128,
						.prf = IPM_PRF_HMAC_SHA2_256,
						.group = IPM_GROUP_MODP_2048,
						.esn = 1 };

static struct ipm_ike_sa
an_ike_sa(void)
{
	return (struct ipm_ike_sa){ .state = IPM_IKE_ESTABLISHED,
				    .version = 1,
				    .mode = 1,
				    .auth = 1,
				    .phase = IPM_PHASE_MM_KEY_AUTH,
				    .local = addr("192.0.2.1"),
				    .remote = addr("192.0.2.2"),
				    .established_ns = AGO,
				    .hard_ns = ALL_SECONDS,
				    .proposal = a_proposal,
				    .conn = "net",
				    .local_id = "east",
				    .remote_id = "west" };
}

static void
given_entries(void)
{
	struct ipm_map_entry map = { .name = "net",
				     .child = "child",
				     .ike_version = 2,
				     .auth = 1,
				     .protocol = 50,
				     .encap = IPM_ENCAP_TUNNEL,
				     .local = addr("192.0.2.1"),
				     .peers = 1,
				     .peer = { addr("192.0.2.2") },
				     .peer_text = "gw.example.net",
				     .ifname = "eth0",
				     .ifindex = 2,
				     .pfs = IPM_PFS_YES,
				     .pfs_group = IPM_GROUP_MODP_2048,
				     .ike_ns = ALL_SECONDS,
				     .hard_ns = ALL_SECONDS,
				     .hard_octets = KILOBYTE,
				     .hard_pkts = 1000,
				     .transforms = 1,
				     .transform = { { .protocol = 50, .proposal = a_proposal } } };
	struct ipm_access access = { .local = any(6), .remote = subnet("10.2.0.0", "10.2.255.255", 16) };
	given_access(given_entry(map), &access, 1);
	snprintf(map.name, sizeof(map.name), "road");
	map.kind = IPM_MAP_DYNAMIC;
	given_entry(map);
}

static void
given_failures(uint32_t map)
{
	struct ipm_failure failure = { .reason = IPM_FAIL_AUTH,
				       .time_ns = AGO,
				       .local = addr("192.0.2.1"),
				       .remote = addr("192.0.2.2"),
				       .map = map + 1,
				       .conn = "net",
				       .text = "wrong PSK",
				       .local_id = "east",
				       .remote_id = "west" };
	ipm_fail(w, IPM_IKE_FAILURES, &failure);
	ipm_fail(w, IPM_TUNNEL_FAILURES, &failure);
}

/* A session for the IKE SA in this slot. */
static uint32_t
given_whole_session(uint32_t ike)
{
	struct ipm_session session = { .ike_slot = ike,
				       .ike_index = ipm_ike_peek(w, ike)->index,
				       .kind = IPM_SESSION_REMOTE_ACCESS,
				       .state = IPM_SESSION_UP,
				       .user_is = IPM_USER_EAP,
				       .version = 2,
				       .auth = 1,
				       .has_user = 1,
				       .virtuals = 1,
				       .local_virtuals = 1,
				       .local = addr("192.0.2.1"),
				       .remote = addr("192.0.2.2"),
				       .virtual_addr = { addr("10.3.0.1") },
				       .local_virtual = { addr("10.4.0.1") },
				       .started_ns = AGO,
				       .group = "net",
				       .user = "alice",
				       .method = "EAP_TLS",
				       .peer_id = "west",
				       .client = "strongSwan 5.9.8" };
	int slot = ipm_session_open(w, &session);
	ck_assert_int_ge(slot, 0);
	return (uint32_t)slot;
}

static void
given_logins(void)
{
	struct ipm_login_failure failure = { .reason = IPM_LOGIN_AUTH,
					     .session = 1,
					     .at_ns = AGO,
					     .local = addr("192.0.2.1"),
					     .remote = addr("192.0.2.2"),
					     .user = "eve",
					     .group = "net",
					     .text = "wrong password" };
	struct ipm_pool pool = { .size = 10, .online = 1, .base = addr("10.3.0.1"), .name = "users" };
	ipm_login_failed(w, &failure);
	ck_assert_int_ge(ipm_pool_put(w, &pool), 0);
}

static int
given_whole_tunnel(uint32_t engine)
{
	struct ipm_ike_sa ike = an_ike_sa();
	int slot = ipm_ike_start(w, &ike);
	given_whole_session((uint32_t)slot);
	int t = given_tunnel((struct ipm_tunnel){ .local = addr("192.0.2.1"),
						  .remote = addr("192.0.2.2"),
						  .ike_index = ipm_ike_peek(w, (uint32_t)slot)->index,
						  .ike_slot = (uint32_t)slot,
						  .conn = "net",
						  .name = "child" });
	struct ipm_sa sa = { .spi = 0x1001,
			     .direction = IPM_IN,
			     .proposal = a_proposal,
			     .replay_window = 32,
			     .seq = 9,
			     .hard_ns = ALL_SECONDS,
			     .hard_octets = KILOBYTE,
			     .hard_pkts = 1000 };
	given_selector(t, subnet("10.1.0.0", "10.1.255.255", 16), host("10.2.0.1", 6));
	ipm_sa_engine(w, (uint32_t)given_sa(t, sa), engine + 1);
	return t;
}

static void
given_some_of_all(void)
{
	struct ipm_error error;
	struct ipm_writer_options opt = { .path = segment_file,
					  .name = "gateway",
					  .control = "/run/control",
					  .capacity = { .ike_sas = 8,
							.tunnels = 8,
							.selectors = 8,
							.sas = 8,
							.feeds = 4,
							.agents = 4,
							.interfaces = 4,
							.events = 64,
							.maps = 8,
							.access = 8,
							.engines = 4,
							.sessions = 8,
							.pools = 4,
							.history = 8,
							.failures = 8 },
					  .mode = 0640 };
	ck_assert_int_eq(ipm_writer_open(&w, &opt, &error), 0);
	int slot = ipm_feed_open(w, "vici");
	struct ipm_feed feed = *ipm_feed_peek(w, (uint32_t)slot);
	feed.since_ns = feed.updated_ns = feed.errored_ns = feed.interval_ns = AGO;
	strcpy(feed.source, "/run/charon.vici");
	strcpy(feed.detail, "strongSwan");
	strcpy(feed.error, "gone");
	ipm_feed_put(w, (uint32_t)slot, &feed);
	struct ipm_engine engine = { .kind = IPM_ENGINE_SOFTWARE, .name = "engine", .version = "1", .since_ns = AGO };
	int e = ipm_engine_open(w, &engine);
	ck_assert_int_ge(e, 0);
	ck_assert_int_ge(ipm_agent_put(w, &(struct ipm_agent){ .pid = 1, .name = "x" }), 0);
	struct ipm_interface uplink = { .ifindex = 2, .name = "eth0", .addr = addr("192.0.2.1") };
	ck_assert_int_ge(ipm_interface_dropped(w, &uplink, IPM_DROP_NOT_UP, 5), 0);
	given_entries();
	/* A tunnel that has ended, for the history, and for the reason why its entry is down. */
	int t = given_whole_tunnel((uint32_t)e);
	ipm_tunnel_stop(w, (uint32_t)t, IPM_REASON_PEER_LOST);
	ipm_ike_stop(w, 0, IPM_REASON_PEER_LOST);
	given_logins();
	given_failures((uint32_t)ipm_map_named(w, "net", "child"));
}

/* ---- tests ---- */

START_TEST(each_key_that_is_printed_is_documented_and_the_other_way_round)
{
	read_tables();
	given_some_of_all();
	/* First with the entry down, then with the entry up. */
	for (int up = 0; up < 2; up++) {
		for (size_t i = 0; i < doc.commands; i++) {
			json_t *j = json_of(doc.command[i]), *segment = at(j, "segments.0");
			ck_assert_uint_eq(json_object_size(j), object_named("show")->keys);
			compare_object(segment, "segment", doc.lists[i]);
			json_decref(j);
		}
		given_whole_tunnel(0);
	}
	/* And with a list that is longer than its owner says. */
	((struct ipm_map_entry *)ipm_payload(ipm_record_at(ipm_writer_segment(w), IPM_MAPS, 0)))->tunnels = 0;
	json_t *damaged = json_of("show crypto map");
	for (size_t i = 0; i < doc.commands; i++)
		if (strcmp(doc.command[i], "show crypto map") == 0)
			compare_object(at(damaged, "segments.0"), "segment", doc.lists[i]);
	json_decref(damaged);
	json_t *check = json_of("check");
	compare_object(check, "check", NULL);
	json_decref(check);
	for (size_t o = 0; o < doc.objects; o++)
		for (size_t k = 0; k < doc.object[o].keys; k++)
			ck_assert_msg(doc.object[o].key[k].seen || o == 0, "%s of %s never had a value",
				      doc.object[o].key[k].name, doc.object[o].name);
}
END_TEST

START_TEST(each_command_that_shows_something_is_documented)
{
	read_tables();
	run("--help");
	for (char *line = strtok(out, "\n"); line; line = strtok(NULL, "\n")) {
		bool known = strncmp(line, "  show ", 7) != 0 && strncmp(line, "  sessions", 10) != 0;
		for (size_t i = 0; i < doc.commands; i++)
			known |= strncmp(line + 2, doc.command[i], strlen(doc.command[i])) == 0;
		ck_assert_msg(known, "doc/json.md has no \"%s\"", line + 2);
	}
}
END_TEST

int
main(void)
{
	Suite *suite = suite_create("json");
	TCase *tc = cli_tests(suite);
	tcase_add_test(tc, each_key_that_is_printed_is_documented_and_the_other_way_round);
	tcase_add_test(tc, each_command_that_shows_something_is_documented);
	return run_suite(suite);
}
