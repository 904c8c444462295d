package ndr

import "strings"

// The words below are lower case. What Microsoft's and others' programs write
// in front of a subject, by language.

// bounceSubjects begin the subject of a bounce.
var bounceSubjects = []string{
	"undeliverable", "undelivered", "delivery status notification", "delivery notification", "delivery failure",
	"delivery failed", "failure notice", "failed delivery", "returned mail", "mail delivery", "mail system error",
	"message delivery", "delivery report", "delivery has failed", "delivery problem", "delivery error", "nondeliverable",
	"non-deliverable", "non delivery", "non-delivery", "message not delivered", "message undeliverable", "message could not be delivered",
	"unable to deliver", "could not deliver", "there was an error sending your mail", "error sending", "mail failure", "rejected mail", "your message was not delivered",
	"mail not delivered", "nondelivery", "notice: mail delivery status", "**message you sent blocked",
	"considered unsolicited bulk email", "undelivered mail", "bounced mail", "failed mail", "bounce:", "mail could not be delivered", "email delivery",
	// German
	"unzustellbar", "nicht zustellbar", "zustellung fehlgeschlagen", "zustellfehler", "zustellungsfehler", "fehler bei der zustellung", "nachricht nicht zustellbar", "unzustellbarkeit", "benachrichtigung zum übermittlungsstatus (fehlgeschlagen", "benachrichtung zum übermittlungsstatus (fehlgeschlagen", "e-mail konnte nicht zugestellt",
	// French
	"non remis", "non distribu", "échec de la remise", "échec de remise", "échec de la distribution", "notification d'état de remise (échec", "message non remis", "non-remis", "impossible de remettre", "avis de non-remise", "rapport de non-remise",
	// Italian
	"non recapitabile", "mancato recapito", "notifica dello stato del recapito", "recapito non riuscito", "impossibile recapitare", "errore di recapito", "messaggio non recapitato", "notifica di mancato recapito", "consegna fallita", "mancata consegna",
	// Spanish
	"no se puede entregar", "no entregado", "no se pudo entregar", "notificación de estado de entrega (error", "error de entrega", "error en la entrega", "mensaje no entregado", "no se ha podido entregar",
	// Dutch
	"onbestelbaar", "niet bestelbaar", "niet te bezorgen", "kan niet worden bezorgd", "bezorging mislukt", "afleveren mislukt", "bezorgingsfout",
	// Portuguese
	"não é possível entregar", "não entregue", "não foi possível entregar", "falha na entrega", "notificação de status de entrega (falha", "impossível entregar", "mensagem não entregue", "entrega falhou", "não passível de entrega",
	// Scandinavian and Finnish
	"olevererbart", "det går inte att leverera", "kan inte levereras", "ikke leveret", "kan ikke leveres", "uleverbar", "kan ikke levere", "leveringsfeil", "ei voi toimittaa", "toimitus epäonnistui", "viestiä ei voi toimittaa",
	// Polish, Czech, Slovak, Hungarian, Romanian
	"niedostarczal", "nie można dostarczyć", "niedostarczon", "nedoručitel", "nelze doručit", "nedoručen", "kézbesíthetetlen", "nem kézbesíthető", "sikertelen kézbesítés", "nelivrabil", "imposibil de livrat", "nedoručiteľn",
	// Russian, Ukrainian, Greek, Turkish
	"недостав", "не удается доставить", "не удалось доставить", "не доставлено", "ваше сообщение не доставлено", "недоставлен", "не вдалося доставити", "αδύνατη η παράδοση", "teslim edilemedi", "iletilemedi", "teslim edilemeyen",
	// Japanese, Chinese, Korean
	"配信不能", "配信できません", "配信不可", "未送信", "送信できませんでした", "未配信", "无法送达", "未送达", "無法傳遞", "無法送達", "未傳遞", "无法传递", "系统退信", "退信", "退件", "배달되지 않음", "배달할 수 없음", "배달 실패", "전송 실패", "반송",
}

// delayWords tell in a subject or a text that delivery is still being tried.
var delayWords = []string{
	"(delay)", "delivery delayed", "delayed mail", "delivery is delayed", "has been delayed", "message delayed", "is delayed for", "delayed for more than", "warning message only", "this is a warning only", "warning: could not send", "warning: message", "still being retried",
	"could not be delivered for", "will be retried for", "do not need to resend", "delivery notification: delivery is pending", "delay:", "delayed:", "not yet been delivered", "has not been delivered yet", "temporarily delayed", "delivery incomplete", "will keep trying",
	"zustellung verzögert", "verzögerung", "verzögert", "noch nicht zugestellt", "(verzögerung)", "(verzögert)",
	"remise retardée", "remise différée", "livraison retardée", "retard de la remise", "(retard)", "n'a pas encore été remis",
	"recapito ritardato", "consegna ritardata", "(ritardo)", "ritardo nel recapito", "non è stato ancora recapitato",
	"entrega retrasada", "retraso en la entrega", "se ha retrasado la entrega", "(retraso)", "aún no se ha entregado",
	"bezorging vertraagd", "vertraagd", "(vertraging)", "nog niet bezorgd",
	"entrega atrasada", "(atraso)", "leverans fördröjd", "försenad", "forsinket levering", "levering forsinket", "toimitus viivästy",
	"opóźnienie dostarczenia", "doručení zpožděno", "доставка отложена", "доставка задерживается", "задержка доставки", "配信が遅延", "配信遅延", "延迟传递", "延遲傳遞", "지연",
}

// finalWords tell that trying is over, whatever delayWords say.
var finalWords = []string{
	"permanent error", "failed permanently", "given up", "giving up", "i'm not going to try again", "will be deleted from queue", "has been in the queue too long", "in the queue too long",
	"will not be retried",
}

// autoReplySubjects begin the subject of an automatic reply.
var autoReplySubjects = []string{
	"out of office", "out-of-office", "automatic reply", "auto reply", "auto-reply", "autoreply", "auto response", "auto-response", "autoresponse", "automated reply", "automated response", "automatic response",
	"i am away", "i'm out of", "i am out of", "i am currently out", "out of the office", "away from my mail", "away from my e-mail", "away from the office", "vacation reply",
	"automatische antwort", "abwesenheitsnotiz", "abwesenheitsbenachrichtigung", "automatische abwesenheit", "abwesenheitsassistent", "auto-antwort", "autoantwort", "ich bin im urlaub", "ich bin nicht im büro",
	"réponse automatique", "absence du bureau", "absent du bureau", "message d'absence", "notification d'absence", "réponse d'absence",
	"risposta automatica", "fuori sede", "fuori ufficio",
	"respuesta automática", "fuera de la oficina", "fuera de oficina", "autorespuesta",
	"automatisch antwoord", "automatische reactie", "afwezigheidsbericht", "afwezigheidsassistent",
	"resposta automática", "fora do escritório", "ausência temporária", "fora de escritório",
	"autosvar", "automatiskt svar", "automatisk svar", "frånvaromeddelande", "fraværsassistent", "automaattinen vastaus", "poissaoloviesti",
	"automatyczna odpowiedź", "autoodpowiedź", "odpowiedź automatyczna", "automatická odpověď", "automatická odpoveď", "automatikus válasz", "házon kívül", "răspuns automat",
	"автоматический ответ", "автоответ", "автоматична відповідь", "αυτόματη απάντηση", "εκτός γραφείου", "otomatik yanıt", "otomatik cevap", "ofis dışında",
	"自動応答", "自動返信", "自动答复", "自动回复", "自動回覆", "自動回應", "자동 회신", "자동 응답", "부재 중", "부재중",
}

// awaySubjects begin the subject of an automatic reply too, and of letters.
var awaySubjects = []string{
	"auto:", "vacation", "on vacation", "away", "ooo", "on holiday", "maternity leave", "parental leave", "annual leave", "on leave",
	"abwesend", "abwesenheit", "außer haus", "nicht im büro", "urlaub", "absent", "absence", "en congé", "en vacances", "assenza", "assente", "in ferie",
	"ausente", "de vacaciones", "ausencia", "afwezig", "niet aanwezig", "buiten kantoor", "met vakantie", "de férias",
	"frånvar", "fravær", "ikke til stede", "ikke på kontoret", "poissa", "olen poissa", "nieobecn", "poza biurem", "mimo kancelář", "нет на работе", "в отпуске", "вне офиса",
	"不在", "休暇", "不在办公室", "休假", "휴가",
}

// autoReplyTexts are found in the text of an automatic reply that has an
// everyday subject.
var autoReplyTexts = []string{
	"out of the office", "out of office", "i am currently away", "i'm currently away", "i am on vacation", "on annual leave", "i will be out", "i am away from", "on parental leave", "limited access to e-mail", "limited access to email", "thank you for your message. i am",
	"nicht im büro", "nicht im hause", "bin ich wieder erreichbar", "ich bin im urlaub", "ich bin abwesend", "ich bin zur zeit nicht", "ich bin derzeit nicht", "bis einschließlich", "abwesenheitsnotiz",
	"je suis absent", "absente du bureau", "absent du bureau", "je suis actuellement", "en congé", "de retour le",
	"sono fuori ufficio", "sarò assente", "sono assente", "sono in ferie", "fuori sede",
	"estoy fuera de la oficina", "estaré fuera", "estoy de vacaciones", "fuera de la oficina",
	"ik ben afwezig", "ben ik afwezig", "niet op kantoor", "met vakantie", "ik ben momenteel niet",
	"estou fora do escritório", "estarei ausente", "estou de férias", "fora do escritório",
	"jag är inte på kontoret", "är på semester", "jeg er ikke på kontoret", "på ferie", "olen lomalla",
	"nie ma mnie w biurze", "jestem na urlopie", "nejsem v kanceláři", "na dovolené", "szabadságon vagyok", "я в отпуске", "отсутствую", "休暇", "外出しております", "不在にしております", "我正在休假", "휴가",
}

// bounceTexts are found in the text of a bounce that nothing else gives away.
var bounceTexts = []string{
	"could not be delivered to", "did not reach the following recipient", "did not reach some or all of the intended recipients",
	"delivery has failed to these recipients", "was not delivered to", "wasn't able to deliver your message", "not able to be delivered", "unable to deliver message",
	"had permanent fatal errors", "had delivery problems", "had delivery errors", "the following recipients could not be reached", "your message to the following recipients cannot be delivered", "undeliverable mail",
	"delivery to the following recipient", "this is the mail system at host", "we were unable to deliver your message", "you are not a member of this mailing list", "transcript of session follows",
	"hat die folgenden empfänger nicht erreicht", "hat einige oder alle empfänger nicht erreicht", "konnte nicht zugestellt werden", "fehler bei der nachrichtenzustellung", "die nachricht konnte nicht an die folgenden empfänger",
	"n'a pas été remis", "n'a pu être remis", "n'est pas parvenu", "échec de la remise", "n'a pas pu être remis", "n'ont pas pu être joints",
	"non è stato recapitato", "non è stato possibile recapitare", "impossibile recapitare il messaggio", "recapito non riuscito", "non ha raggiunto",
	"no se pudo entregar", "no se ha entregado", "no ha podido entregarse", "error de entrega", "no llegó a", "no ha llegado a",
	"kan niet worden bezorgd", "is niet bezorgd", "niet bezorgd aan", "heeft de volgende geadresseerde", "niet bereikt", "is mislukt voor deze geadresseerden",
	"não pôde ser entregue", "não foi entregue", "falha na entrega", "no alcanzó",
	"kunde inte levereras", "kunne ikke leveres", "ei voitu toimittaa", "nie można dostarczyć", "nie została dostarczona", "nelze doručit", "nebyla doručena", "nem kézbesíthető", "не может быть доставлено", "не удалось доставить", "не было доставлено", "配信できませんでした", "送信できませんでした", "无法投递", "無法投遞", "배달하지 못했습니다",
}

// hasPrefixOf tells whether s, in lower case, begins with one of the words,
// after "Re:", quotes and the like.
func hasPrefixOf(s string, words []string) bool {
	s = strings.TrimLeft(s, " \t*[\"'-=<")
	for _, re := range []string{"re:", "aw:", "sv:", "rif:", "antw:", "fwd:", "fw:", "wg:", "tr:"} {
		if rest, ok := strings.CutPrefix(s, re); ok {
			s = strings.TrimLeft(rest, " \t*[\"'-=<")
			break
		}
	}
	for _, w := range words {
		if strings.HasPrefix(s, w) {
			return true
		}
	}
	return false
}

func containsOneOf(s string, words []string) bool {
	for _, w := range words {
		if strings.Contains(s, w) {
			return true
		}
	}
	return false
}

// withoutBouncePrefix returns the subject of the original from that of a
// bounce that quotes it, "" when it does not.
func withoutBouncePrefix(subject string) string {
	low := strings.ToLower(subject)
	if len(low) != len(subject) {
		low = subject
	}
	for _, sep := range []string{":", "："} {
		if i := strings.Index(low, sep); i > 0 && i < 60 && (hasPrefixOf(low[:i], bounceSubjects) || containsOneOf(low[:i], delayWords)) &&
			!strings.Contains(low[:i], "returned mail") && !strings.Contains(low[:i], "mail delivery") && !strings.Contains(low[:i], "delivery ") &&
			!strings.Contains(low[:i], "zustellungsfehler") {
			return strings.TrimSpace(subject[i+len(sep):])
		}
	}
	return ""
}
