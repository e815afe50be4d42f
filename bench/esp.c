/* SPDX-License-Identifier: ISC */
/*
 * The cost of the engine over bare cryptography, and of counting in the engine: esp_seal() and esp_open() that count,
 * the same with counting compiled out, and the bare EVP calls, on the same buffers.
 *
 *     bench/esp [-r ROUNDS] [-m MILLISECONDS] [--json FILE] [--assert]
 *
 *   -r         rounds (9): the figures are the medians of the rounds
 *   -m         CPU time of each measurement (20)
 *   --json     write the figures to a file, for a program
 *   --assert   status 1 when bare is more than 1 / 0.90 as fast at 1400 octets, or counting costs more than 1 %
 *
 * Measured is the CPU time of one thread, for 64 packets from one buffer to another, and in place: they fit into a
 * second-level cache. The three ways take turns every 64 packets, so that other load disturbs all of them. The bare
 * calls are those that EVP needs for a packet: nonce, additional data, text, tag; or IV, text, and HMAC. Gbit/s refer
 * to the payload. Ratios are ratios of packets per second. A function's speed also depends on where the linker has put
 * it, and counting costs less than that: --assert looks at the median over all suites.
 */
#include <getopt.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "esp_int.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))
#define PACKETS      64
#define ROOM         2048
#define ROUNDS_MAX   101
#define LIMIT        0.90 /* of the bare calls */
#define LIMIT_SIZE   1400
#define LIMIT_COUNT  0.99 /* of the build without counting */

/* bench/esp_uncounted.h */
extern __typeof__(esp_seal) uncounted_seal;
extern __typeof__(esp_open) uncounted_open;

static const struct {
	const char *name, *cipher;
	uint16_t encr, integ;
	size_t key_len, salt_len;
} suites[] = {
	{ "aes-gcm-128", "AES-128-GCM", IPM_ENCR_AES_GCM_16, 0, 16, 4 },
	{ "aes-gcm-256", "AES-256-GCM", IPM_ENCR_AES_GCM_16, 0, 32, 4 },
	{ "chacha20-poly1305", "ChaCha20-Poly1305", IPM_ENCR_CHACHA20_POLY1305, 0, 32, 4 },
	{ "aes-cbc-128-sha256", "AES-128-CBC", IPM_ENCR_AES_CBC, IPM_INTEG_HMAC_SHA2_256_128, 16, 0 },
	{ "aes-cbc-256-sha256", "AES-256-CBC", IPM_ENCR_AES_CBC, IPM_INTEG_HMAC_SHA2_256_128, 32, 0 },
	{ "null-sha256", NULL, IPM_ENCR_NULL, IPM_INTEG_HMAC_SHA2_256_128, 0, 0 },
};
static const size_t sizes[] = { 64, 512, 1400 };

enum op { SEAL, SEAL_IN_PLACE, OPEN, OPS };
static const char *const ops[OPS] = { "seal", "seal-in-place", "open" };

static uint8_t key[64], from[PACKETS][ROOM], to[PACKETS][ROOM];
static struct ipm_count counted;
static struct ipm_drops dropped;

/* Two SAs to measure, and OpenSSL contexts with the same keys. */
struct subject {
	struct esp_sa *in, *out;
	EVP_CIPHER_CTX *enc, *dec;
	EVP_MAC_CTX *mac;
	const uint8_t *salt;
	size_t size, head, text_len;
};

static void
need(int ok, const char *what)
{
	if (ok == 1)
		return;
	fprintf(stderr, "esp: %s failed\n", what);
	exit(1);
}

/* The same operations without esp_sa: OpenSSL alone. */
static void
bare_init(struct subject *s, size_t suite)
{
	if (suites[suite].cipher) {
		EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, suites[suite].cipher, NULL);
		s->enc = EVP_CIPHER_CTX_new();
		s->dec = EVP_CIPHER_CTX_new();
		need(EVP_CipherInit_ex2(s->enc, cipher, key, NULL, 1, NULL), "EVP_CipherInit_ex2");
		need(EVP_CipherInit_ex2(s->dec, cipher, key, NULL, 0, NULL), "EVP_CipherInit_ex2");
		need(EVP_CIPHER_CTX_set_padding(s->enc, 0), "EVP_CIPHER_CTX_set_padding");
		need(EVP_CIPHER_CTX_set_padding(s->dec, 0), "EVP_CIPHER_CTX_set_padding");
		EVP_CIPHER_free(cipher);
	}
	if (suites[suite].integ) {
		char digest[] = "SHA256";
		OSSL_PARAM params[] = { OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
					OSSL_PARAM_END };
		EVP_MAC *mac = EVP_MAC_fetch(NULL, "HMAC", NULL);
		s->mac = EVP_MAC_CTX_new(mac);
		need(EVP_MAC_init(s->mac, key, 32, params), "EVP_MAC_init");
		EVP_MAC_free(mac);
	}
}

static void
subject_init(struct subject *s, size_t suite, size_t size)
{
	struct esp_conf conf = {
		.direction = IPM_OUT,
		.mode = IPM_ENCAP_TRANSPORT,
		.spi = 0x1001,
		.proposal = { .encr = suites[suite].encr, .integ = suites[suite].integ },
		.encr_key = key,
		.encr_key_len = suites[suite].key_len + suites[suite].salt_len,
		.integ_key = key,
		.integ_key_len = suites[suite].integ ? 32 : 0,
		.replay_window = 1024,
		.lane = { &counted, &dropped },
		/* Limits that are checked but never reached. */
		.soft = { .octets = UINT64_MAX - 1, .pkts = UINT64_MAX - 1, .ns = UINT64_MAX - 1 },
		.hard = { .octets = UINT64_MAX - 1, .pkts = UINT64_MAX - 1, .ns = UINT64_MAX - 1 },
	};
	*s = (struct subject){ .size = size, .salt = key + suites[suite].key_len };
	need(esp_sa_new(&conf, &s->out) == 0, "esp_sa_new");
	conf.direction = IPM_IN;
	need(esp_sa_new(&conf, &s->in) == 0, "esp_sa_new");
	s->head = esp_head_size(s->out);
	s->text_len = esp_sealed_size(s->out, size) - s->head - ESP_ICV_SIZE;
	bare_init(s, suite);
}

static void
subject_clear(struct subject *s)
{
	esp_sa_free(s->in);
	esp_sa_free(s->out);
	EVP_CIPHER_CTX_free(s->enc);
	EVP_CIPHER_CTX_free(s->dec);
	EVP_MAC_CTX_free(s->mac);
}

/* Seal packets to open; each time from the same sequence number on. */
static void
renew(struct subject *s, enum op op)
{
	if (op == OPEN)
		esp_replay_init(&s->in->replay, s->in->replay.window, 0);
	else
		s->out->seq = 0;
}

static bool
ours(struct subject *s, enum op op, int i)
{
	size_t len = ROOM;
	uint8_t next;

	switch (op) {
	case SEAL:
		return esp_seal(s->out, 1, 6, from[i], s->size, to[i], &len) == ESP_OK;
	case SEAL_IN_PLACE:
		return esp_seal(s->out, 1, 6, to[i] + s->head, s->size, to[i], &len) == ESP_OK;
	default:
		return esp_open(s->in, 1, from[i], s->head + s->text_len + ESP_ICV_SIZE, to[i], &len, &next) == ESP_OK;
	}
}

static bool
uncounted(struct subject *s, enum op op, int i)
{
	size_t len = ROOM;
	uint8_t next;

	switch (op) {
	case SEAL:
		return uncounted_seal(s->out, 1, 6, from[i], s->size, to[i], &len) == ESP_OK;
	case SEAL_IN_PLACE:
		return uncounted_seal(s->out, 1, 6, to[i] + s->head, s->size, to[i], &len) == ESP_OK;
	default:
		return uncounted_open(s->in, 1, from[i], s->head + s->text_len + ESP_ICV_SIZE, to[i], &len, &next) ==
		       ESP_OK;
	}
}

static bool
bare_mac(struct subject *s, const uint8_t *data, size_t len, uint8_t mac[32])
{
	size_t n;

	return EVP_MAC_init(s->mac, NULL, 0, NULL) == 1 && EVP_MAC_update(s->mac, data, len) == 1 &&
	       EVP_MAC_final(s->mac, mac, &n, 32) == 1;
}

static bool
bare(struct subject *s, enum op op, int i)
{
	uint8_t iv[16] = { 0 }, mac[32], *out = op == OPEN ? to[i] : to[i] + s->head, *icv = out + s->text_len;
	const uint8_t *in = op == SEAL ? from[i] : op == OPEN ? from[i] + s->head : out;
	EVP_CIPHER_CTX *c = op == OPEN ? s->dec : s->enc;
	int n;

	memcpy(iv, s->salt, 4);
	memcpy(iv + 4, from[i] + 8, 8);
	if (s->mac && op == OPEN)
		return bare_mac(s, from[i], s->head + s->text_len, mac) &&
		       CRYPTO_memcmp(mac, in + s->text_len, ESP_ICV_SIZE) == 0 &&
		       (!c || (EVP_CipherInit_ex(c, NULL, NULL, NULL, from[i] + 8, -1) == 1 &&
			       EVP_CipherUpdate(c, out, &n, in, (int)s->text_len) == 1));
	if (s->mac)
		return (!c || (EVP_CipherInit_ex(c, NULL, NULL, NULL, iv, -1) == 1 &&
			       EVP_CipherUpdate(c, out, &n, in, (int)s->text_len) == 1)) &&
		       bare_mac(s, !c && op == SEAL ? from[i] : to[i], s->head + s->text_len, icv);
	if (op == OPEN)
		memcpy(mac, in + s->text_len, ESP_ICV_SIZE);
	/* Keep this order: ChaCha20-Poly1305 is a tenth slower if the tag is set before the rest. */
	return EVP_CipherInit_ex(c, NULL, NULL, NULL, iv, -1) == 1 &&
	       EVP_CipherUpdate(c, NULL, &n, from[i], ESP_HEADER_SIZE) == 1 &&
	       (op != OPEN || EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_SET_TAG, ESP_ICV_SIZE, mac) == 1) &&
	       EVP_CipherUpdate(c, out, &n, in, (int)s->text_len) == 1 && EVP_CipherFinal_ex(c, icv, &n) == 1 &&
	       (op == OPEN || EVP_CIPHER_CTX_ctrl(c, EVP_CTRL_AEAD_GET_TAG, ESP_ICV_SIZE, icv) == 1);
}

static double
cpu_ns(void)
{
	struct timespec t;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static double
since(double *then)
{
	double now = cpu_ns(), took = now - *then;
	*then = now;
	return took;
}

enum way { COUNTED, UNCOUNTED, BARE, WAYS };
static const char *const ways[WAYS] = { "counted", "uncounted", "bare" };
static bool (*const run[WAYS])(struct subject *, enum op, int) = { ours, uncounted, bare };

/* Run all three in turn. Return nanoseconds per packet for each. */
static void
measure(struct subject *s, enum op op, double for_ns, double ns[WAYS])
{
	double then = cpu_ns(), until = then + WAYS * for_ns;
	long turns = 0;

	memset(ns, 0, WAYS * sizeof(ns[0]));
	for (; then < until; turns++) {
		for (int i = 0; i < WAYS; i++) {
			int way = (int)((turns + i) % WAYS);
			renew(s, op);
			for (int packet = 0; packet < PACKETS; packet++)
				need(run[way](s, op, packet), ops[op]);
			ns[way] += since(&then);
		}
	}
	for (int way = 0; way < WAYS; way++)
		ns[way] /= (double)(turns * PACKETS);
}

static int
ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static double
median(double *all, size_t n)
{
	qsort(all, n, sizeof(*all), ascending);
	return n % 2 ? all[n / 2] : (all[n / 2 - 1] + all[n / 2]) / 2;
}

/* Ratios of packets per second: ours to the bare calls, and ours to the build without counting. */
struct figures {
	double ns[WAYS], to_bare, to_uncounted;
	double to_bare_min, to_bare_max;
};

static struct figures
compare(struct subject *s, enum op op, int rounds, double for_ns)
{
	double ns[WAYS][ROUNDS_MAX] = { 0 }, to_bare[ROUNDS_MAX] = { 0 }, to_uncounted[ROUNDS_MAX] = { 0 }, once[WAYS];
	size_t n = (size_t)rounds;
	struct figures f;

	if (op == OPEN) { /* what there is to open */
		s->out->seq = 0;
		for (int i = 0; i < PACKETS; i++) {
			size_t len = ROOM;
			need(esp_seal(s->out, 1, 6, to[i] + s->head, s->size, from[i], &len) == ESP_OK, "esp_seal");
		}
	}
	measure(s, op, for_ns / 4, once); /* to warm up */
	for (size_t r = 0; r < n; r++) {
		measure(s, op, for_ns, once);
		for (int way = 0; way < WAYS; way++)
			ns[way][r] = once[way];
		to_bare[r] = once[BARE] / once[COUNTED];
		to_uncounted[r] = once[UNCOUNTED] / once[COUNTED];
	}
	for (int way = 0; way < WAYS; way++)
		f.ns[way] = median(ns[way], n);
	f.to_bare = median(to_bare, n);
	f.to_uncounted = median(to_uncounted, n);
	f.to_bare_min = to_bare[0];
	f.to_bare_max = to_bare[n - 1];
	return f;
}

static void
cpu_name(char *out, size_t size)
{
	FILE *f = fopen("/proc/cpuinfo", "r");
	char line[256];

	snprintf(out, size, "unknown");
	while (f && fgets(line, sizeof(line), f))
		if (strncmp(line, "model name", 10) == 0 && strchr(line, ':')) {
			line[strcspn(line, "\n")] = '\0';
			snprintf(out, size, "%s", strchr(line, ':') + 2);
			break;
		}
	if (f)
		fclose(f);
}

static double
gbits(double ns, size_t octets)
{
	return 8 * (double)octets / ns;
}

static void
tell(const char *transform, size_t octets, const char *op, const struct figures *f)
{
	printf("%-18s %5zu  %-13s", transform, octets, op);
	for (int way = 0; way < WAYS; way++)
		printf("  %6.0f %6.2f", 1e6 / f->ns[way], gbits(f->ns[way], octets));
	printf("  %6.3f  %5.2f (%.2f..%.2f)\n", f->to_uncounted, f->to_bare, f->to_bare_min, f->to_bare_max);
	fflush(stdout);
}

static void
tell_json(FILE *json, const char *transform, size_t octets, const char *op, const struct figures *f)
{
	fprintf(json, "    {\"transform\": \"%s\", \"octets\": %zu, \"what\": \"%s\", ", transform, octets, op);
	for (int way = 0; way < WAYS; way++)
		fprintf(json, "\"%s\": {\"pkts_per_s\": %.0f, \"gbit_per_s\": %.3f}, ", ways[way], 1e9 / f->ns[way],
			gbits(f->ns[way], octets));
	fprintf(json, "\"to_uncounted\": %.4f, \"to_bare\": %.3f, \"to_bare_min\": %.3f, \"to_bare_max\": %.3f},\n",
		f->to_uncounted, f->to_bare, f->to_bare_min, f->to_bare_max);
}

struct bench {
	int rounds;
	double for_ms;
	bool asserted;
	FILE *json;
	double to_uncounted[COUNT(suites) * COUNT(sizes) * OPS];
	size_t told;
	double worst; /* of the bare calls at LIMIT_SIZE */
};

/* 0, or the exit status. */
static int
options(struct bench *b, int argc, char **argv)
{
	static const struct option longs[] = { { "json", required_argument, NULL, 'j' },
					       { "assert", no_argument, NULL, 'a' },
					       { 0 } };

	for (int option; (option = getopt_long(argc, argv, "r:m:", longs, NULL)) != -1;) {
		switch (option) {
		case 'r':
			b->rounds = atoi(optarg);
			break;
		case 'm':
			b->for_ms = atof(optarg);
			break;
		case 'j':
			if (!(b->json = fopen(optarg, "w"))) {
				perror(optarg);
				return 1;
			}
			break;
		case 'a':
			b->asserted = true;
			break;
		default:
			b->rounds = 0;
		}
	}
	if (b->rounds < 1 || b->rounds > ROUNDS_MAX || !(b->for_ms > 0) || optind != argc) {
		fputs("usage: esp [-r ROUNDS] [-m MILLISECONDS] [--json FILE] [--assert]\n", stderr);
		return 2;
	}
	return 0;
}

static void
print_heading(const struct bench *b)
{
	char cpu[128];

	cpu_name(cpu, sizeof(cpu));
	printf("cpu:       %s\ncompiler:  %s\nopenssl:   %s\nrounds:    %d\n\n%-39s  %-13s  %-13s  %-13s  counted by\n"
	       "%-18s %5s  %-13s  %6s %6s  %6s %6s  %6s %6s  %6s  %5s (min..max)\n",
	       cpu, __VERSION__, OpenSSL_version(OPENSSL_VERSION_STRING), b->rounds, "", "counted", "uncounted",
	       "bare EVP", "transform", "octets", "what", "kpkt/s", "Gbit/s", "kpkt/s", "Gbit/s", "kpkt/s", "Gbit/s",
	       "uncnt.", "bare");
	if (b->json)
		fprintf(b->json,
			"{\n  \"cpu\": \"%s\",\n  \"compiler\": \"%s\",\n  \"openssl\": \"%s\",\n  \"rounds\": %d,\n"
			"  \"figures\": [\n",
			cpu, __VERSION__, OpenSSL_version(OPENSSL_VERSION_STRING), b->rounds);
}

static void
measure_suite(struct bench *b, size_t suite, size_t size)
{
	struct subject s;

	subject_init(&s, suite, size);
	for (int op = 0; op < OPS; op++) {
		struct figures f = compare(&s, (enum op)op, b->rounds, b->for_ms * 1e6);
		tell(suites[suite].name, size, ops[op], &f);
		if (b->json)
			tell_json(b->json, suites[suite].name, size, ops[op], &f);
		b->to_uncounted[b->told++] = f.to_uncounted;
		if (size == LIMIT_SIZE && f.to_bare < b->worst)
			b->worst = f.to_bare;
	}
	subject_clear(&s);
}

int
main(int argc, char **argv)
{
	struct bench b = { .rounds = 9, .for_ms = 20, .worst = 1 };
	int status = options(&b, argc, argv);

	if (status != 0)
		return status;
	for (size_t i = 0; i < sizeof(key); i++)
		key[i] = (uint8_t)(i * 37 + 11);
	print_heading(&b);
	for (size_t suite = 0; suite < COUNT(suites); suite++)
		for (size_t z = 0; z < COUNT(sizes); z++)
			measure_suite(&b, suite, sizes[z]);
	double counting = median(b.to_uncounted, b.told);
	printf("\ncounted by uncounted, the median of all: %.4f; counted by bare at %d octets, the least: %.2f\n",
	       counting, LIMIT_SIZE, b.worst);
	if (b.json) {
		fprintf(b.json, "    {\"to_uncounted_median\": %.4f, \"to_bare_least_at_%d\": %.3f}\n  ]\n}\n",
			counting, LIMIT_SIZE, b.worst);
		if (fclose(b.json) != 0) {
			perror("esp: JSON");
			return 1;
		}
	}
	if (b.asserted && b.worst < LIMIT)
		fprintf(stderr, "esp: %.2f of the bare calls at %d octets; %.2f is wanted\n", b.worst, LIMIT_SIZE,
			LIMIT);
	if (b.asserted && counting < LIMIT_COUNT)
		fprintf(stderr, "esp: %.4f of what does not count; %.2f is wanted\n", counting, LIMIT_COUNT);
	return b.asserted && (b.worst < LIMIT || counting < LIMIT_COUNT);
}
