"""The reference data model: its tables and the fields it lists for each."""

REFERENCE: dict[str, tuple[str, ...]] = {
    model: tuple(fields.split())
    for model, fields in {
        "User": "id name email emailVerified passwordHash image role resetToken resetTokenExpiry stripeCustomerId"
        " referralCode referredBy onboardingState createdAt updatedAt",
        "Account": "id userId type provider providerAccountId access_token refresh_token expires_at token_type scope"
        " id_token",
        "VerificationToken": "identifier token expires",
        "EmailVerificationToken": "userId token expires",
        "AutoSignInToken": "userId token expires",
        "EmailChangeRequest": "userId newEmail token expires",
        "CvFile": "id userId filename content contentVersion sourceType sourceValue jobOfferId language matchScore"
        " scoreBefore matchScoreStatus scoreBreakdown improvementSuggestions missingSkills matchingSkills"
        " optimiseStatus pendingChanges blocked blockedReason createdAt updatedAt",
        "CvVersion": "id cvFileId version content changelog changeType sourceFile matchScore scoreBreakdown createdAt",
        "JobOffer": "id userId sourceType sourceValue contentHash content extractedAt extractionModel tokensUsed"
        " createdAt",
        "LinkHistory": "userId url",
        "BackgroundTask": "id title type status createdAt result error payload deviceId userId cvFile creditUsed"
        " featureName",
        "Subscription": "id userId stripeCustomerId stripeSubscriptionId planId status billingPeriod"
        " currentPeriodStart currentPeriodEnd cancelAtPeriodEnd canceledAt",
        "SubscriptionPlan": "id name description isFree tier isPopular priceMonthly priceYearly yearlyDiscountPercent"
        " stripeProductId stripePriceIdMonthly stripePriceIdYearly",
        "SubscriptionPlanFeatureLimit": "id planId featureName isEnabled usageLimit",
        "CreditBalance": "id userId balance totalPurchased totalUsed totalRefunded totalGifted",
        "CreditTransaction": "id userId amount type featureName taskId cvFileId stripePaymentIntentId refunded"
        " relatedTransactionId",
        "CreditPack": "id name creditAmount price isActive stripePriceId",
        "FeatureUsageCounter": "userId featureName count periodStart periodEnd",
        "EmailTrigger": "id name label variables category isSystem",
        "EmailTemplate": "id name triggerId subject designJson htmlContent variables isActive isDefault",
        "EmailLog": "templateId templateName recipientEmail recipientUserId subject status error provider providerId",
        "TelemetryEvent": "id userId type category metadata deviceId duration status error timestamp",
        "FeatureUsage": "userId featureName usageCount totalDuration lastUsedAt",
        "OpenAIUsage": "userId featureName model date promptTokens cachedTokens completionTokens estimatedCost"
        " callsCount",
        "OpenAICall": "id userId featureName model promptTokens cachedTokens completionTokens totalTokens"
        " estimatedCost duration",
        "OpenAIPricing": "modelName inputPricePerMToken outputPricePerMToken cachePricePerMToken isActive",
        "OpenAIAlert": "type threshold enabled name",
        "Setting": "id settingName value category description",
        "FeatureMapping": "featureKey displayName settingNames openAICallNames planFeatureNames",
        "Feedback": "userId rating comment isBugReport status",
        "ConsentLog": "userId action preferences ip",
        "Referral": "referrerId referredUserId referralCode status referrerReward referredReward",
        "PromoCode": "code type discountType discountValue creditBonus maxUses currentUses validFrom validUntil"
        " isActive",
        "StripeWebhookLog": "eventId eventType payload processed error",
    }.items()
}

_IRREGULAR = {
    "User": "app_user",
    "OpenAICall": "openai_call",
    "OpenAIUsage": "openai_usage",
    "OpenAIPricing": "openai_pricing",
    "OpenAIAlert": "openai_alert",
}


def _snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name).lstrip("_")


TABLES: dict[str, str] = {model: _IRREGULAR.get(model, _snake(model)) for model in REFERENCE}
"""The table of ours that holds each model."""
