/* SPDX-License-Identifier: ISC */
/*
 * What the engine adds to the cryptography: esp_seal() and esp_open() beside the bare EVP calls, on the same buffers.
 *
 *     bench/esp [-r ROUNDS] [-m MILLISECONDS] [--json] [--assert]
 *
 *   -r         rounds (9): each has ours and the bare calls in turn; the figures are the medians of the rounds
 *   -m         of CPU time, for each measurement (20)
 *   --json     the same figures for a program, in place of the table
 *   --assert   status 1 when a ratio at 1400 octets is below 0.90
 *
 * One thread, and its CPU time. 64 packets, in turn, from one buffer to another, and in place: less than a second-level
 * cache holds. Bare is what EVP needs for a packet: nonce, additional data, text, tag; or IV, text, and HMAC. Gbit/s
 * are those of the payload. The ratio is ours by bare, in packets a second.
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
#define LIMIT        0.90
#define LIMIT_SIZE   1400

static const struct {
	const char *name, *cipher;
	uint16_t encr, integ;
	size_t key_len, salt_len;
} suites[] = {
	{ "aes-gcm-128", "AES-128-GCM", ESP_ENCR_AES_GCM_16, 0, 16, 4 },
	{ "aes-gcm-256", "AES-256-GCM", ESP_ENCR_AES_GCM_16, 0, 32, 4 },
	{ "chacha20-poly1305", "ChaCha20-Poly1305", ESP_ENCR_CHACHA20_POLY1305, 0, 32, 4 },
	{ "aes-cbc-128-sha256", "AES-128-CBC", ESP_ENCR_AES_CBC, ESP_INTEG_HMAC_SHA2_256_128, 16, 0 },
	{ "aes-cbc-256-sha256", "AES-256-CBC", ESP_ENCR_AES_CBC, ESP_INTEG_HMAC_SHA2_256_128, 32, 0 },
	{ "null-sha256", NULL, ESP_ENCR_NULL, ESP_INTEG_HMAC_SHA2_256_128, 0, 0 },
};
static const size_t sizes[] = { 64, 512, 1400 };

enum op { SEAL, SEAL_IN_PLACE, OPEN, OPS };
static const char *const ops[OPS] = { "seal", "seal-in-place", "open" };

static uint8_t key[64], from[PACKETS][ROOM], to[PACKETS][ROOM];

/* What is measured: two SAs, and the same contexts once more. */
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
		/* Limits that are looked at and not reached. */
		.soft = { .octets = UINT64_MAX - 1, .pkts = UINT64_MAX - 1, .ns = UINT64_MAX - 1 },
		.hard = { .octets = UINT64_MAX - 1, .pkts = UINT64_MAX - 1, .ns = UINT64_MAX - 1 },
	};
	*s = (struct subject){ .size = size, .salt = key + suites[suite].key_len };
	need(esp_sa_new(&conf, &s->out) == 0, "esp_sa_new");
	conf.direction = IPM_IN;
	need(esp_sa_new(&conf, &s->in) == 0, "esp_sa_new");
	s->head = esp_head_size(s->out);
	s->text_len = esp_sealed_size(s->out, size) - s->head - ESP_ICV_SIZE;
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
subject_clear(struct subject *s)
{
	esp_sa_free(s->in);
	esp_sa_free(s->out);
	EVP_CIPHER_CTX_free(s->enc);
	EVP_CIPHER_CTX_free(s->dec);
	EVP_MAC_CTX_free(s->mac);
}

/* Packets to open, from the same sequence numbers on each time. */
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
	/* In this order: to set the tag in front of the rest costs ChaCha20-Poly1305 a tenth. */
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

/* Nanoseconds for a packet. */
static double
measured(struct subject *s, enum op op, bool (*one)(struct subject *, enum op, int), double for_ns)
{
	double began = cpu_ns(), now = began;
	long packets = 0;

	while (now < began + for_ns) {
		renew(s, op);
		for (int i = 0; i < PACKETS; i++)
			need(one(s, op, i), ops[op]);
		packets += PACKETS;
		now = cpu_ns();
	}
	return (now - began) / (double)packets;
}

static int
ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

struct figures {
	double ours_ns, bare_ns, ratio, ratio_min, ratio_max;
};

static struct figures
compare(struct subject *s, enum op op, int rounds, double for_ns)
{
	double our[ROUNDS_MAX] = { 0 }, their[ROUNDS_MAX] = { 0 }, ratio[ROUNDS_MAX] = { 0 };

	if (op == OPEN) { /* what there is to open */
		s->out->seq = 0;
		for (int i = 0; i < PACKETS; i++) {
			size_t len = ROOM;
			need(esp_seal(s->out, 1, 6, to[i] + s->head, s->size, from[i], &len) == ESP_OK, "esp_seal");
		}
	}
	measured(s, op, ours, for_ns / 4); /* to warm up */
	measured(s, op, bare, for_ns / 4);
	for (int r = 0; r < rounds; r++) {
		bool first = r % 2 == 0;
		if (first)
			our[r] = measured(s, op, ours, for_ns);
		their[r] = measured(s, op, bare, for_ns);
		if (!first)
			our[r] = measured(s, op, ours, for_ns);
		ratio[r] = their[r] / our[r];
	}
	qsort(our, (size_t)rounds, sizeof(our[0]), ascending);
	qsort(their, (size_t)rounds, sizeof(their[0]), ascending);
	qsort(ratio, (size_t)rounds, sizeof(ratio[0]), ascending);
	return (struct figures){ our[rounds / 2], their[rounds / 2], ratio[rounds / 2], ratio[0], ratio[rounds - 1] };
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

int
main(int argc, char **argv)
{
	static const struct option options[] = { { "json", no_argument, NULL, 'j' },
						 { "assert", no_argument, NULL, 'a' },
						 { 0 } };
	bool json = false, asserted = false, good = true;
	double for_ms = 20;
	int rounds = 9, option;
	char cpu[128];

	while ((option = getopt_long(argc, argv, "r:m:", options, NULL)) != -1) {
		switch (option) {
		case 'r':
			rounds = atoi(optarg);
			break;
		case 'm':
			for_ms = atof(optarg);
			break;
		case 'j':
			json = true;
			break;
		case 'a':
			asserted = true;
			break;
		default:
			rounds = 0;
		}
	}
	if (rounds < 1 || rounds > ROUNDS_MAX || !(for_ms > 0) || optind != argc) {
		fputs("usage: esp [-r ROUNDS] [-m MILLISECONDS] [--json] [--assert]\n", stderr);
		return 2;
	}
	for (size_t i = 0; i < sizeof(key); i++)
		key[i] = (uint8_t)(i * 37 + 11);
	cpu_name(cpu, sizeof(cpu));
	if (json)
		printf("{ \"cpu\": \"%s\", \"compiler\": \"%s\", \"openssl\": \"%s\", \"rounds\": %d, \"results\": [",
		       cpu, __VERSION__, OpenSSL_version(OPENSSL_VERSION_STRING), rounds);
	else
		printf("cpu:       %s\ncompiler:  %s\nopenssl:   %s\nrounds:    %d\n\n"
		       "%-18s %6s %-13s %9s %8s %9s %6s (min..max)\n",
		       cpu, __VERSION__, OpenSSL_version(OPENSSL_VERSION_STRING), rounds, "transform", "octets", "what",
		       "kpkt/s", "Gbit/s", "bare", "ratio");
	for (size_t suite = 0; suite < COUNT(suites); suite++) {
		for (size_t z = 0; z < COUNT(sizes); z++) {
			struct subject s;
			subject_init(&s, suite, sizes[z]);
			for (int op = 0; op < OPS; op++) {
				struct figures f = compare(&s, (enum op)op, rounds, for_ms * 1e6);
				double gbits = 8 * (double)sizes[z] / f.ours_ns;
				if (json)
					printf("%s\n  { \"transform\": \"%s\", \"octets\": %zu, \"what\": \"%s\", "
					       "\"pkts_per_s\": %.0f, \"gbit_per_s\": %.3f, \"bare_pkts_per_s\": %.0f, "
					       "\"ratio\": %.3f, \"ratio_min\": %.3f, \"ratio_max\": %.3f }",
					       suite + z + (size_t)op > 0 ? "," : "", suites[suite].name, sizes[z],
					       ops[op], 1e9 / f.ours_ns, gbits, 1e9 / f.bare_ns, f.ratio, f.ratio_min,
					       f.ratio_max);
				else
					printf("%-18s %6zu %-13s %9.0f %8.2f %9.0f %6.2f (%.2f..%.2f)\n",
					       suites[suite].name, sizes[z], ops[op], 1e6 / f.ours_ns, gbits,
					       1e6 / f.bare_ns, f.ratio, f.ratio_min, f.ratio_max);
				fflush(stdout);
				good = good && (sizes[z] != LIMIT_SIZE || f.ratio >= LIMIT);
			}
			subject_clear(&s);
		}
	}
	if (json)
		printf("\n] }\n");
	if (asserted && !good)
		fprintf(stderr, "esp: a ratio at %d octets is below %.2f\n", LIMIT_SIZE, LIMIT);
	return asserted && !good;
}
