/* SPDX-License-Identifier: ISC */
/*
 * A second libesp with its counting compiled out. Each function gets another name, so that bench/esp can link both.
 * The build includes this before every file of libesp. A function that is missing below would be defined twice.
 */
#ifndef ESP_UNCOUNTED_H
#define ESP_UNCOUNTED_H

#define ESP_COUNTING      0

#define esp_count         uncounted_count
#define esp_crypt_clear   uncounted_crypt_clear
#define esp_crypt_init    uncounted_crypt_init
#define esp_decrypt       uncounted_decrypt
#define esp_drop_model    uncounted_drop_model
#define esp_drop_text     uncounted_drop_text
#define esp_encrypt       uncounted_encrypt
#define esp_head_size     uncounted_head_size
#define esp_open          uncounted_open
#define esp_open_payload  uncounted_open_payload
#define esp_packet_open   uncounted_packet_open
#define esp_packet_seal   uncounted_packet_seal
#define esp_replay_check  uncounted_replay_check
#define esp_replay_extend uncounted_replay_extend
#define esp_replay_init   uncounted_replay_init
#define esp_replay_mark   uncounted_replay_mark
#define esp_sa_drops      uncounted_sa_drops
#define esp_sa_free       uncounted_sa_free
#define esp_sa_life       uncounted_sa_life
#define esp_sa_new        uncounted_sa_new
#define esp_sa_octets     uncounted_sa_octets
#define esp_sa_pkts       uncounted_sa_pkts
#define esp_sa_seq        uncounted_sa_seq
#define esp_seal          uncounted_seal
#define esp_seal_payload  uncounted_seal_payload
#define esp_sealed_size   uncounted_sealed_size

#endif
